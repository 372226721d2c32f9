"""What the text of a PDF proposes, and what it leaves to whoever looks at it."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.claiming.proposing import proposed, sure


@pytest.mark.parametrize(
    ("text", "number", "day"),
    [
        ("FAKTURA VAT\nnr FS/311/11\nData wystawienia: 2026-11-14", "FS/311/11", dt.date(2026, 11, 14)),
        ("Faktura nr 12 / 2026\nWystawiono dnia 03.04.2026, termin 17.04.2026", "12 / 2026", dt.date(2026, 4, 3)),
        ("Invoice No: INV-2026-0007\nInvoice date 1/5/2026", "INV-2026-0007", dt.date(2026, 5, 1)),
        ("Rechnung Nr. 4711\nRechnungsdatum: 31.12.2025", "4711", dt.date(2025, 12, 31)),
        ("Invoice for you\n2026-01-02 and 2026-01-03", "", None),
        ("Paid on 2026-01-02", "", dt.date(2026, 1, 2)),
        ("Data wystawienia: 31.02.2026", "", None),
        ("", "", None),
    ],
)
def test_number_and_date_are_proposed_where_the_text_says_them(text: str, number: str, day: dt.date | None) -> None:
    found = proposed(text)
    assert (found.number, found.issued_on) == (number, day)
    assert found.proposed == tuple(name for name, value in (("number", number), ("issued_on", day)) if value)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("Faktura nr TXT/7\nData wystawienia: 2026-05-06", {"number", "issued_on"}),
        ("Invoice No: A-1\nInvoice A-1\nInvoice date: 25/11/2026", {"number", "issued_on"}),
        ("Invoice No: A-1\nInvoice date: 03/04/2026", {"number"}),  # the fourth of March to some
        ("Faktura nr 5\ndo faktury, Faktura nr 4\nWystawiono dnia 03.04.2026", {"issued_on"}),
        ("Fecha de emisión: 2026-01-02, fecha de vencimiento: 2026-02-02", {"issued_on"}),
        ("Fecha de vencimiento: 2026-02-02", set()),
        ("Paid on 2026-01-02", set()),
        ("Data wystawienia: 31.02.2026", set()),
    ],
)
def test_only_what_a_text_says_once_is_sure(text: str, fields: set[str]) -> None:
    assert sure(text) == fields


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    found = proposed("Faktura nr " + text)
    assert len(found.number) <= 64
    assert sure("Faktura nr " + text) <= {*found.proposed}
