"""A programme whose accounts may owe becomes one whose accounts may not, or the other way round."""

from sqlalchemy.orm import Session

from app.domain.states import DocumentKind, Unit
from app.services.ledger import ledger, ledger_check
from app.services.rulebooks import rules_of
from app.services.tracing import balances
from tests.support import programs
from tests.support.desk import CORRECTING, CREDIT, INVOICE, Desk, Opening
from tests.support.programs import NOW
from tests.support.sales import Sold, sell
from verification.deciding import decisions
from verification.incoming import Source


def test_accounts_that_owe_go_on_owing_until_they_have_paid(session: Session, code: str) -> None:
    def load(returns: str) -> None:
        programs.load(session, programs.document(code, program={"returns": returns}))

    def owe(number: str) -> None:
        """Sell for 10 points, spend them, and return what was sold."""
        sell(session, program, [Sold(number, who, what, 1, 100_00)])
        available = balances.balance_of(session, program.id, "D1", Unit.POINTS).available
        if available > 0:
            ledger.reserve(session, account, available, key=f"{code}:{number}", on=NOW.date())
        kind = DocumentKind.CREDIT_NOTE
        sell(session, program, [Sold(f"K{number}", who, what, -1, -100_00, "2026-03-05", kind, corrects=number)])

    program = programs.load(session, programs.document(code))
    who, what = programs.people(session, program)["D1"], programs.goods(session, program, {"P": None})["P"]
    account = ledger.wallet_of(session, who, Unit.POINTS)
    owe("1")
    load("clamp")
    assert balances.balance_of(session, program.id, "D1", Unit.POINTS).available == -10
    rules = rules_of(session, program.id)
    ledger.adjust(session, rules, account, 10, key=f"{code}:paid", now=NOW, actor="ann", reason="paid")
    load("clamp")
    owe("2")
    assert balances.balance_of(session, program.id, "D1", Unit.POINTS).available == 0


def test_what_was_spent_of_a_sale_is_not_given_once_more_when_it_is_corrected(session: Session, code: str) -> None:
    program = programs.load(session, programs.document(code, program={"returns": "clamp"}))
    who, what = programs.people(session, program)["D1"], programs.goods(session, program, {"P": None})["P"]
    correcting = Source(name="import", policy="accept", may_correct=True)

    def sold(net_minor: int, *others: Sold) -> int:
        sell(session, program, [Sold("1", who, what, 1, net_minor), *others], source=correcting)
        assert ledger_check.proved(session) == []
        return balances.balance_of(session, program.id, "D1", Unit.POINTS).available

    account = ledger.wallet_of(session, who, Unit.POINTS)
    assert sold(100_00) == 10
    ledger.reserve(session, account, 10, key=f"{code}:all", on=NOW.date())
    assert sold(110_00) == 1
    assert sold(100_00) == 0
    assert sold(90_00) == 0, "one of what was spent is let go"
    assert sold(120_00, Sold("2", who, what, 1, 50_00)) == 2 + 5, "and is a part of what the sale gives now"
    assert sold(90_00) == 5 - 1, "what the balance covers is taken back"
    assert sold(100_00) == 5 + 0
    assert sold(40_00) == 0 + 0
    assert sold(130_00) == 5 + 3, "the sale gives what it gives, however often it was corrected"


def test_what_a_refused_sale_left_is_not_given_once_more_when_it_counts_again(open_desk: Opening) -> None:
    desk = open_desk(program={"returns": "clamp"})
    desk.invoice("1", 10)
    desk.settle(desk.reserve(10))
    desk.refuse("1")
    desk.invoice("2", 5)
    decisions.reopen(desk.session, desk.program, desk.document("1").id, reason="letter", actor="ben", now=NOW)
    desk.accept("1")
    assert desk.points() == (0, 5, 0)


def test_what_was_let_go_of_a_return_stays_so_when_it_is_corrected(open_desk: Opening) -> None:
    desk = open_desk(program={"returns": "clamp"})
    desk.invoice("1", 12)
    desk.settle(desk.reserve(12))
    desk.credit("K", 10, corrects="1")
    desk.invoice("2", 20)
    for pieces, left in ((6, 20), (10, 20), (12, 18), (3, 20), (12, 18)):
        desk.credit("K", pieces, corrects="1", source=CORRECTING)
        assert desk.points() == (0, left, 0), pieces
    desk.refuse("K", CREDIT)
    assert desk.points() == (0, 20, 0)


def test_what_one_return_took_of_two_sales_is_given_back_with_them_once(open_desk: Opening) -> None:
    desk = open_desk(program={"returns": "clamp"})
    desk.invoice("1", 10)
    desk.invoice("2", 10)
    desk.settle(desk.reserve(15))
    desk.credit("K", 20)
    for number, kind in (("1", INVOICE), ("K", CREDIT), ("2", INVOICE)):
        desk.refuse(number, kind)
    assert desk.points() == (0, 0, 0)
    for number in "12":
        decisions.reopen(desk.session, desk.program, desk.document(number).id, reason="letter", actor="ben", now=NOW)
        desk.accept(number)
    assert desk.points() == (0, 20 - 15, 0)


def let_owe(desk: Desk) -> None:
    programs.load(desk.session, programs.document(desk.program.code))


def test_what_was_let_go_is_known_once_accounts_may_owe(open_desk: Opening) -> None:
    """The ledger's proof, which ends the test, finds nothing wrong with it either."""
    desk = open_desk(program={"returns": "clamp"})
    desk.invoice("1", 10)
    desk.settle(desk.reserve(10))
    desk.credit("K", 5, corrects="1")
    desk.invoice("2", 7, who="D2")
    desk.settle(desk.reserve(7, who="D2"))
    desk.refuse("2")
    let_owe(desk)
    decisions.reopen(desk.session, desk.program, desk.document("2").id, reason="letter", actor="ben", now=NOW)
    desk.accept("2")
    assert desk.points("D2") == (0, 0, 0), "what was spent of a sale is not given once more"
    desk.credit("K", 6, corrects="1", source=CORRECTING)
    assert desk.points() == (0, -1, 0), "nor is it taken when the return is corrected"


def test_what_was_spent_of_a_sale_pays_no_debt_when_it_is_corrected(open_desk: Opening) -> None:
    desk = open_desk(program={"returns": "clamp"})
    desk.invoice("1", 10)
    desk.settle(desk.reserve(10))
    desk.refuse("1")
    let_owe(desk)
    desk.adjust(-4)
    decisions.reopen(desk.session, desk.program, desk.document("1").id, reason="letter", actor="ben", now=NOW)
    assert desk.points() == (0, -4, 0)
    desk.accept("1")
    assert desk.points() == (0, -4, 0)
    desk.invoice("1", 12, source=CORRECTING)
    assert desk.points() == (0, -2, 0)
