"""Why these points: every award with its formula, and what returns have taken of it."""

import pytest

from app.domain.states import DocumentKind, DocumentStatus, Unit
from app.services.tracing import explanations
from app.services.tracing.explanations import NoSuchDocument, TakenBack
from tests.support import programs
from tests.support.desk import CREDIT, Desk, Opening
from tests.support.programs import BASE_RULE


def explained(desk: Desk, number: str) -> explanations.DocumentExplained:
    (found,) = explanations.explain_number(desk.session, desk.program, number)
    return found


def test_a_document_is_explained_line_by_line(desk: Desk) -> None:
    desk.sell(
        desk.line("FV/1", quantity=2, net_minor=41_00), desk.line("FV/1", quantity=0.5, net_minor=39_00, what="Q")
    )
    found = explained(desk, "FV/1")
    assert (found.number, found.kind, found.status) == ("FV/1", DocumentKind.INVOICE, DocumentStatus.ACCEPTED)
    assert (found.distributor_code, found.distributor_name) == ("D1", "Distributor D1")
    assert (found.reasons, found.file_name, found.batch_id) == ("", None, None)
    assert [(one.line_number, one.product_code, one.quantity_milli, one.net_minor) for one in found.lines] == [
        (1, "P", 2_000, 41_00),
        (2, "Q", 500, 39_00),
    ]
    first, second = (one.awards for one in found.lines)
    assert [(one.rule, one.rule_name, one.version, one.amount, one.reversed) for one in [*first, *second]] == [
        ("base", "1 point for each full 10", 1, 4, 0),
        ("base", "1 point for each full 10", 1, 4, 0),
    ]
    assert first[0].formula == (
        "1 × floor(80.00 PLN / 10.00) = 8 points; 4 points of it for this line by its share of the amount"
    )
    assert found.total(Unit.POINTS) == 8


def test_an_award_that_was_cut_says_what_cut_it(open_desk: Opening) -> None:
    desk = open_desk(earning_rules=[{**BASE_RULE, "caps": {"per_distributor": {"day": 7}}}])
    desk.invoice("1", 10)
    (award,) = explained(desk, "1").lines[0].awards
    assert (award.amount, award.cut_by) == (7, "per_distributor.day")
    assert award.formula.endswith("; cut to 7 points by the most for a day")


def test_a_return_names_the_sale_and_the_sale_what_was_taken(desk: Desk) -> None:
    desk.invoice("1", 10)
    desk.credit("K1", 3)
    desk.credit("K2", 2, issued_on="2026-03-03")
    (line,) = explained(desk, "1").lines
    assert [(one.amount, one.reversed) for one in line.awards] == [(10, 5)]
    back = explained(desk, "K1")
    assert (back.kind, back.total(Unit.POINTS)) == (CREDIT, -3)
    assert back.lines[0].awards == []
    assert back.lines[0].taken_back == [TakenBack("base", BASE_RULE["name"], 1, Unit.POINTS, 3, "1", 1)]


def test_an_award_keeps_the_version_that_made_it(desk: Desk) -> None:
    desk.invoice("1", 10)
    programs.load(desk.session, programs.document(desk.program.code, earning_rules=[{**BASE_RULE, "points": 2}]))
    desk.invoice("2", 10)
    awards = [explained(desk, number).lines[0].awards[0] for number in ("1", "2")]
    assert [(one.version, one.amount) for one in awards] == [(1, 10), (2, 20)]
    assert [one.formula.split(" = ")[0] for one in awards] == [
        "1 × floor(100.00 PLN / 10.00)",
        "2 × floor(100.00 PLN / 10.00)",
    ]


def test_points_and_money_are_told_apart(open_desk: Opening) -> None:
    cash = {"code": "cash", "name": "Cash", "kind": "per_document", "points": "2.50", "unit": "money"}
    desk = open_desk(earning_rules=[dict(BASE_RULE), cash])
    desk.invoice("1", 10)
    found = explained(desk, "1")
    assert (found.total(Unit.POINTS), found.total(Unit.MONEY)) == (10, 250)
    assert [one.formula for one in found.lines[0].awards if one.unit is Unit.MONEY] == [
        "once for the document of 100.00 PLN = 2.50 PLN for this line"
    ]


def test_a_programme_that_earns_on_gross_explains_by_gross(open_desk: Opening) -> None:
    desk = open_desk(program={"earns_on": "gross"})
    desk.sell(desk.line("1", quantity=1, net_minor=100_00, gross_minor=123_00))
    (line,) = explained(desk, "1").lines
    assert (line.net_minor, line.awards[0].amount) == (123_00, 12)


def test_why_a_document_does_not_count_is_said_in_a_sentence(desk: Desk) -> None:
    desk.invoice("1", 10, issued_on="2025-12-31")
    found = explained(desk, "1")
    assert found.status is DocumentStatus.REFUSED
    assert found.reasons == (
        "Issued on 2025-12-31, outside the programme (2026-01-01 to 2026-12-31); nothing is earned."
    )
    assert found.lines[0].awards == []


@pytest.mark.parametrize("written", ["FV 007/03/2026", "fv 007/03/2026", " FV 007/03/2026 ", "7-3-2026", "FV7/03/26"])
def test_a_number_is_found_in_any_of_the_ways_that_are_one(desk: Desk, written: str) -> None:
    desk.invoice("FV 007/03/2026", 10)
    assert explained(desk, written).number == "FV 007/03/2026"


def test_documents_of_one_number_are_explained_the_newest_first(desk: Desk) -> None:
    desk.invoice("1", 10)
    desk.refuse("1")
    desk.invoice("1", 7)
    desk.invoice("1", 5, who="D2")
    found = explanations.explain_number(desk.session, desk.program, "1")
    assert [(one.distributor_code, one.status) for one in found] == [
        ("D2", DocumentStatus.ACCEPTED),
        ("D1", DocumentStatus.ACCEPTED),
        ("D1", DocumentStatus.REFUSED),
    ]


def test_a_number_that_nobody_knows_is_an_error_that_names_it(desk: Desk, open_desk: Opening) -> None:
    for number in ("1", "", "%"):
        with pytest.raises(NoSuchDocument, match=f"No document has the number '{number}'"):
            explanations.explain_number(desk.session, desk.program, number)
    open_desk().invoice("1", 10)
    with pytest.raises(NoSuchDocument):
        explanations.explain_number(desk.session, desk.program, "1")


def test_a_programme_of_decimals_speaks_in_its_own_words(open_desk: Opening) -> None:
    point = {"value": "0.10", "decimals": 1, "name": "star", "plural": "stars"}
    desk = open_desk(program={"point": point}, earning_rules=[{**BASE_RULE, "points": "0.5"}])
    desk.invoice("1", 3)
    (award,) = explained(desk, "1").lines[0].awards
    assert award.amount == 15
    assert award.formula == "0.5 × floor(30.00 PLN / 10.00) = 1.5 stars for this line"
