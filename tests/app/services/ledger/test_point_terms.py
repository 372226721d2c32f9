"""What rules say of their points: a document's award comes in a lot for each of its terms, and is undone lot by lot."""

import datetime as dt
from typing import Any

import pytest

from app.domain.states import DocumentStatus, LotState, RewardKind
from app.models.ledger import LedgerTransaction, Lot
from app.models.lot_terms import LotTerms
from app.services.ledger import ledger, ledger_check, lot_terms
from app.services.setup import program_files
from tests.support import programs
from tests.support.desk import CORRECTING, CREDIT, Desk, LotSeen, Opening, Standing
from tests.support.programs import NOW

FUNDED = {
    "expiry": {"months_after_award": 2},
    "funded_by": "brand",
    "buys": {"not_kinds": ["top_up"], "not_categories": ["Garden"]},
}


def a_rule(code: str, product: str, terms: dict[str, Any] | None) -> dict[str, Any]:
    written: dict[str, Any] = {"code": code, "name": code, "kind": "per_unit", "points": 1}
    return written | {"scope": {"products": [product]}} | ({} if terms is None else {"terms": terms})


@pytest.fixture
def desk(open_desk: Opening) -> Desk:
    """A desk where P earns like everything else, and Q earns points of a brand's."""
    return open_desk(
        program={"expiry": {"months_after_award": 12}, "funding": {"sources": {"brand": "The brand"}}},
        earning_rules=[a_rule("plain", "P", None), a_rule("brands", "Q", FUNDED)],
    )


def both(desk: Desk, number: str = "1", *, plain: int = 10, brands: int = 6, **more: Any) -> None:
    """Sell both things with one document."""
    desk.sell(desk.line(number, plain), desk.line(number, brands, what="Q"), **more)


def of_terms(desk: Desk) -> list[tuple[int | None, int]]:
    """Give the terms and what is left of each lot, the oldest first."""
    return [(lot.terms_id, lot.remaining) for lot in desk.rows(Lot, account_id=desk.account())]


def test_a_document_gives_a_lot_for_each_of_its_terms(desk: Desk) -> None:
    both(desk)
    (terms,) = desk.rows(LotTerms, program_id=desk.program.id)
    assert (terms.funded_by, terms.definition) == ("brand", FUNDED)
    assert of_terms(desk) == [(None, 10), (terms.id, 6)]
    assert [lot.expires_on for lot in desk.lots().values()] == [dt.date(2027, 11, 21), dt.date(2027, 1, 21)]
    document = desk.document("1").id
    keys = {one.key for one in desk.rows(LedgerTransaction, document_id=document)}
    assert keys == {f"award:{document}", f"award:{document}:terms:{terms.id}"}
    assert ledger_check.proved(desk.session) == []


def test_what_comes_back_is_taken_from_the_lot_that_earned_it(desk: Desk) -> None:
    both(desk)
    (terms,) = desk.rows(LotTerms, program_id=desk.program.id)
    desk.credit("K1", 4, what="Q", corrects="1")
    assert of_terms(desk) == [(None, 10), (terms.id, 2)]
    desk.credit("K2", 3, corrects="1")
    assert of_terms(desk) == [(None, 7), (terms.id, 2)]
    desk.refuse("K1", CREDIT)
    assert of_terms(desk) == [(None, 7), (terms.id, 6)]
    desk.refuse("1")
    assert desk.points() == Standing(0, 0)
    assert of_terms(desk)[:2] == [(None, 0), (terms.id, 0)]
    assert ledger_check.proved(desk.session) == []


def test_a_correction_takes_all_lots_back_and_makes_new_ones(desk: Desk) -> None:
    both(desk)
    both(desk, plain=3, brands=9, source=CORRECTING)
    assert [left for _, left in of_terms(desk)] == [0, 0, 3, 9]
    assert desk.document("1").status is DocumentStatus.ACCEPTED
    assert ledger_check.proved(desk.session) == []


def test_rules_that_say_the_same_share_their_terms(open_desk: Opening) -> None:
    funding = {"funding": {"sources": {"brand": "The brand"}}}
    desk = open_desk(program=funding, earning_rules=[a_rule("p", "P", FUNDED), a_rule("q", "Q", FUNDED)])
    both(desk)
    assert [(lot.state, lot.remaining) for lot in desk.lots().values()] == [(LotState.OPEN, 16)]


def test_only_points_that_may_buy_it_pay_for_a_reward(desk: Desk) -> None:
    both(desk)
    session, program = desk.session, desk.program.id
    assert lot_terms.allowed(session, program, RewardKind.GOODS, None) is None
    assert lot_terms.allowed(session, program, RewardKind.TOP_UP, None) == []
    assert lot_terms.allowed(session, program, RewardKind.GOODS, "garden ") == []
    assert lot_terms.spendable(session, desk.account(), [], NOW.date()) == 10
    with pytest.raises(ledger.InsufficientPoints), session.begin_nested():
        desk.reserve(11, terms=[])
    desk.reserve(11)  # the brand's points end first
    assert [left for _, left in of_terms(desk)] == [5, 0]


def test_a_new_lot_of_a_running_programme_follows_the_rule_that_made_it(desk: Desk) -> None:
    both(desk)
    never = FUNDED | {"expiry": {"never": True}}
    document = programs.document(
        desk.program.code,
        program={"expiry": {"months_after_award": 12}, "funding": {"sources": {"brand": "The brand"}}},
        earning_rules=[a_rule("plain", "P", None), a_rule("brands", "Q", never)],
    )
    programs.load(desk.session, document)
    desk.invoice("2", 4, what="Q")
    assert list(desk.lots().values())[-1] == LotSeen(LotState.OPEN, 4, None)
    assert len(desk.rows(LotTerms, program_id=desk.program.id)) == 2


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"program": {"expiry": {"months_after_award": 1, "months_without_activity": 1}}},
            "points end in one way: expected one of months_after_award, months_without_activity, found 2",
        ),
        ({"earning_rules": [a_rule("x", "P", {"expiry": {}})]}, "expected one of never, months_after_award"),
        ({"earning_rules": [a_rule("x", "P", {})]}, "expected expiry, funded_by or buys"),
        ({"earning_rules": [a_rule("x", "P", {"funded_by": "who"})]}, "'who' is not among program.funding.sources"),
        ({"earning_rules": [a_rule("x", "P", {"buys": {}})]}, "expected kinds, categories, not_kinds"),
        (
            {"earning_rules": [a_rule("x", "P", {"buys": {"kinds": ["goods"], "not_kinds": ["goods"]}})]},
            "the points may buy no kind of reward at all",
        ),
    ],
)
def test_terms_that_cannot_be_are_refused_with_the_place(changes: dict[str, Any], problem: str) -> None:
    document = programs.document("terms", **changes)
    with pytest.raises(program_files.ProgramFileInvalid, match=problem):
        program_files.read(document)
