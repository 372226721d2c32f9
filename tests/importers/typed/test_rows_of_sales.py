"""Columns mapped, cells typed, codes matched: what becomes of each row of a file of sales."""

from typing import Any

import pyarrow as pa
import pytest

from app.domain.program_file.import_profile import ImportProfile
from app.domain.typed.fields import KINDS
from importers.errors import ColumnsMissing, NoProfile
from importers.layout.columns.columns import check_profile, mapped
from importers.typed.parsing import Column
from importers.typed.sales_rows import Codes
from tests.importers.typed.results import FIELDS, HEADER, Result, line, profile_of, table_of

# --- mapping ------------------------------------------------------------------------------------------------------


def test_headers_compare_trimmed_and_without_case() -> None:
    table = table_of([], ["NUMBER", " Date", "distriBUTOR", "product", "quantity", "net", "more"])
    found = mapped(table, profile_of())
    assert found["document_number"] == "NUMBER"
    assert found["issued_on"] == " Date"
    assert set(found) == set(FIELDS)
    table = table_of([], ["Łódź", "date", "distributor", "product", "quantity", "net"])
    assert mapped(table, profile_of({"document_number": "ŁÓDŹ"}))["document_number"] == "Łódź"


def test_missing_columns_are_all_named_with_what_the_file_has() -> None:
    profile = profile_of(line_number="Lp.", credit_note={"column": "Typ", "values": ["KOR"]})
    with pytest.raises(ColumnsMissing) as missing:
        mapped(table_of([], ["number", "date", "net", "product"]), profile)
    message = str(missing.value)
    for expected in ("'distributor'", "'quantity'", "'Lp.'", "'Typ'", "It has: 'number', 'date', 'net', 'product'"):
        assert expected in message
    assert set(missing.value.missing) == {"distributor", "quantity", "line_number", "document_kind"}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_profile_must_name_what_its_kind_needs_and_nothing_else(kind: str) -> None:
    full = dict.fromkeys(KINDS[kind].known, "x")
    check_profile("mine", kind, ImportProfile(columns=full))
    for field in KINDS[kind].required:
        with pytest.raises(NoProfile, match=field):
            check_profile("mine", kind, ImportProfile(columns={k: v for k, v in full.items() if k != field}))
    with pytest.raises(NoProfile, match="colour"):
        check_profile("mine", kind, ImportProfile(columns=full | {"colour": "x"}))


def test_sales_need_a_price_or_a_net_amount() -> None:
    needed = dict.fromkeys(KINDS["sales"].required, "x")
    with pytest.raises(NoProfile, match="unit_price or for net_amount"):
        check_profile("mine", "sales", ImportProfile(columns=needed | {"gross_amount": "y"}))
    check_profile("mine", "sales", ImportProfile(columns=needed | {"unit_price": "y"}))


# --- rows ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "price", "net"),
    [
        ("3", "0.335", 101),
        ("1", "0.005", 1),
        ("-1", "0.005", -1),
        ("1", "-0.005", -1),
        ("-1", "-0.005", 1),
        ("1", "0.00499999", 0),
        ("0.5", "0.01", 1),
        ("0.499", "0.01", 0),
        ("1000000", "0.00000001", 1),
        ("0", "5", 0),
    ],
)
def test_net_is_quantity_times_price_rounded_half_up_once(quantity: str, price: str, net: int) -> None:
    row = [*line(quantity=quantity, net=None), price]
    assert Result([row], {"unit_price": "price"}).documents[0]["nets"] == [net]
    stated = Result([[*line(quantity=quantity, net="7.77"), price]], {"unit_price": "price"})
    if quantity == "0" or (price.startswith("-") and not quantity.startswith("-")):
        assert stated.outcomes == {2: ("refused", "amount_contradicts")}
    else:
        assert stated.documents[0]["nets"] == [777]


def test_an_amount_is_not_reckoned_of_prices_that_others_of_the_file_do_not_come_to() -> None:
    rows = [[*line("A", quantity="2", net="20"), "10"], [*line("B", quantity="3", net=None), "10"]]
    assert Result(rows, {"unit_price": "price"}).outcomes == {}
    rows[0][5] = "18"
    assert rows[0][5:] == ["18", "10"]
    assert Result(rows, {"unit_price": "price"}).outcomes == {3: ("refused", "missing")}


def test_a_row_without_net_and_price_is_refused_and_one_too_large_as_well() -> None:
    rows = [
        [*line("A", net=None), None],
        [*line("B", net=None, quantity="1000000"), "9999999999"],
        [*line("C", net=None, quantity="999999"), "999999"],
        [*line("D", net=None, quantity="x"), "1"],
    ]
    result = Result(rows, {"unit_price": "price"})
    assert result.outcomes == {
        2: ("refused", "missing"),
        3: ("refused", "number_too_large"),
        5: ("refused", "not_a_number"),
    }
    assert result.documents[0]["nets"] == [99999800000100]


def test_a_programme_that_earns_on_gross_needs_it() -> None:
    rows = [[*line("A"), "12.30"], [*line("B"), None]]
    result = Result(rows, {"gross_amount": "gross"}, gross=True)
    assert result.outcomes == {3: ("refused", "missing")}
    assert result.reason(3)["field"] == "gross"
    assert result.incoming.sales.lines.gross_minor.tolist() == [1230]
    assert not Result(rows, {"gross_amount": "gross"}).outcomes


@pytest.mark.parametrize("field", HEADER)
def test_each_needed_cell_is_asked_for_by_the_files_own_name(field: str) -> None:
    result = Result([line(**{field: "  "}), line("FV/2/2026")])
    assert result.outcomes == {2: ("refused", "missing")}
    assert result.reason(2)["field"] == field
    assert [one["number"] for one in result.documents] == ["FV/2/2026"]


def test_a_name_longer_than_any_is_refused_in_every_field_that_names_something() -> None:
    more = {"seller_tax_id": "seller", "outlet": "outlet", "channel": "channel", "person": "person", "corrects": "corr"}
    for at in range(len(HEADER) + len(more)):
        row: list[str | None] = [*line(), *("x" for _ in more)]
        if at in (1, 4, 5):
            continue
        row[at] = "9" * 5000
        result = Result([row], more)
        assert result.outcomes[2][0] == "refused"
        assert "no_such_value" in result.outcomes[2][1]


# --- matching -----------------------------------------------------------------------------------------------------


def test_codes_compare_trimmed_without_case_and_in_one_unicode_form() -> None:
    result = Result([line(distributor=" d1 ", product="p1"), line(distributor="D1", product="P1 ")])
    assert not result.outcomes
    assert result.documents[0]["rows"] == [2, 3]
    assert Codes.of(_column(["Ż1", "Z\u03071", "ż1", "Z1"])).code.tolist() == [0, 0, 0, 1]


def _column(texts: list[str]) -> Column:
    return Column.of("x", pa.array(texts, type=pa.large_string()))


@pytest.mark.parametrize(("unknown", "outcome"), [("hold", "held"), ("reject", "refused")])
def test_unknown_codes_are_held_or_refused_with_their_document(unknown: Any, outcome: str) -> None:
    rows = [line("A", product="P?"), line("A"), line("B", distributor="D?"), line("C")]
    result = Result(rows, unknown_distributor=unknown, unknown_product=unknown)
    assert result.outcomes == {
        2: (outcome, "unknown_product"),
        3: ("held", "document_incomplete"),
        4: (outcome, "unknown_distributor"),
    }
    assert result.reason(2)["found"] == "'P?'"
    assert result.reason(3) == {"code": "document_incomplete", "number": "A", "because": 2}
    assert [one["number"] for one in result.documents] == ["C"]
    assert result.created == {"distributor": [], "product": []}


def test_unknown_codes_are_created_once_with_the_first_name_that_the_file_gives() -> None:
    more = {"distributor_name": "who", "product_name": "what"}
    rows = [
        [*line("A", distributor="New", product="X1"), None, None],
        [*line("B", distributor=" new ", product="x1"), "Nowy", "Młotek"],
        [*line("C", distributor="NEW", product="X2"), "Other", None],
        [*line("D", distributor="D1", product="P1"), "Known", "Known"],
    ]
    result = Result(rows, more, unknown_distributor="create", unknown_product="create")
    assert not result.outcomes
    assert result.created == {"distributor": ["New"], "product": ["X1", "X2"]}
    assert result.names == {"New": "Nowy", "X1": "Młotek"}
    assert [one["distributor"] for one in result.documents] == [900, 900, 900, 101]


def test_nothing_is_created_for_a_bad_row_alone() -> None:
    rows = [
        line("A", distributor="New1", quantity="x"),
        line("B", distributor="New2", product="P1"),
        line("C", distributor="D1", product="X1", date="x"),
        line("D", distributor="New1"),
    ]
    result = Result(rows, unknown_distributor="create", unknown_product="create")
    assert result.created == {"distributor": ["New1", "New2"], "product": []}
    assert result.outcomes == {2: ("refused", "not_a_number"), 4: ("refused", "not_a_date")}
    assert [one["rows"] for one in result.documents] == [[3], [5]]
