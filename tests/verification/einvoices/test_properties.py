"""Laws of reading: what is right has no finding, what is changed has one, and nothing but a refusal comes of a mess."""

import re
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.support.e_invoices import Item, cii, fa, fattura, net_of, ubl, vat_of
from verification.einvoices.invoice import EInvoice, EInvoiceRefused
from verification.einvoices.reading import read

_prices = st.decimals("0.01", "9999.99", places=2).map(str)
_items = st.lists(
    st.builds(
        Item,
        name=st.text("abc ąęż'&<>\"", min_size=1, max_size=20).map(lambda name: name.strip() or "x"),
        quantity=st.integers(1, 500).map(str),
        price=_prices,
        code=st.just("C-1"),
    ),
    min_size=1,
    max_size=8,
)
_WAYS = (fa, ubl, cii, fattura)


@given(_items, st.sampled_from(_WAYS))
def test_an_invoice_that_adds_up_has_no_finding_and_is_read_to_the_last_unit(items, way):
    said = read(way(items), "i")
    assert said.problems == ()
    assert sum(line.net_minor for line in said.lines) == said.totals.net_minor == int(net_of(items) * 100)
    assert [line.quantity_milli for line in said.lines] == [int(item.quantity) * 1_000 for item in items]


@given(_items, st.integers(-500, 500).filter(lambda off: off != 0))
def test_a_total_that_is_off_by_anything_is_found(items, off):
    gross = net_of(items) + vat_of(items) + Decimal(off).scaleb(-2)
    assert "gross_total_differs" in {one["code"] for one in read(fa(items, gross=str(gross)), "i").problems}


_TEXT = re.compile(rb">([^<>\s][^<>]*)<")
_ODD = st.sampled_from(
    (
        b"",
        b"-",
        b"NaN",
        b"1e400",
        b"9" * 30,
        b"2026-99-99",
        b"00000101",
        b"XXX",
        b"\x00",
        b"&x;",
        b"\xff",
        b".",
        b"-0.0",
    )
)


def _read(made: bytes) -> EInvoice | EInvoiceRefused:
    try:
        return read(made, "i")
    except EInvoiceRefused as refused:
        return refused


@given(st.sampled_from(_WAYS), st.data())
def test_whatever_stands_in_a_field_is_read_or_refused(way, data):
    made = way()
    start, end = data.draw(st.sampled_from([found.span(1) for found in _TEXT.finditer(made)]))
    assert str(_read(made[:start] + data.draw(_ODD) + made[end:]))


@given(st.sampled_from(_WAYS), st.integers(0, 4_000), st.integers(0, 255))
def test_one_changed_byte_is_read_or_refused(way, at, byte):
    made = bytearray(way())
    made[at % len(made)] = byte
    assert str(_read(bytes(made)))
