"""What a document earns goes to its company and to the person that it names, and comes back from where it went."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from app.domain.roles import Person, Role
from app.domain.states import DocumentStatus, TransactionKind, Unit
from app.models.distributors import Distributor, DistributorGroup
from app.models.people import Membership
from app.models.sales import PersonReversal, PersonShare
from app.services.access import erasure, people
from app.services.books import owed
from app.services.books.booking import Basis
from app.services.books.totals import Until, totals_of
from app.services.persons import opening
from app.services.placing import tiers
from app.services.tiering import tier_judging
from app.services.tracing import balances
from tests.support import programs
from tests.support.desk import CORRECTING, CREDIT, IN_REVIEW, Desk, Opening, Standing
from tests.support.programs import NOW
from tests.support.shop import Shop
from verification.deciding import decisions
from verification.deciding.errors import PaidOut

Sharing = Callable[..., Desk]


@pytest.fixture
def open_sharing(open_desk: Opening) -> Sharing:
    """Opens desks whose programme shares, with Ewa's account at D1 under the code that it was given."""

    def made(share_bp: int | None = 7_000, **settings: Any) -> Desk:
        shares = {"to": "person"} if share_bp is None else {"to": "shares", "person_bp": share_bp}
        desk = open_desk(program={"accounts": {"shares": shares}, **settings})
        desk.people["D1:P1"] = opening.open_account(
            desk.session, desk.program, desk.people["D1"], "Ewa Kos", actor="ann", now=NOW
        )
        return desk

    return made


def both(desk: Desk) -> tuple[Standing, Standing]:
    return desk.points("D1"), desk.points("D1:P1")


def test_a_document_is_shared_with_whom_it_names(open_sharing: Sharing) -> None:
    desk = open_sharing()
    desk.invoice("1", 13, person=" ewa KOS ")
    assert both(desk) == (Standing(0, 4), Standing(0, 9))  # 9.1 and 3.9: the larger remainder has the one over
    desk.invoice("2", 5, person="Somebody else")
    desk.invoice("3", 5)
    desk.invoice("4", 5, who="D2", person="Ewa Kos")
    assert both(desk) == (Standing(0, 14), Standing(0, 9))
    assert desk.points("D2") == Standing(0, 5)
    (noted,) = desk.rows(PersonShare, person_id=desk.people["D1:P1"])
    assert (noted.place, noted.weight, noted.of_weight, noted.once_weight) == (1, 7_000, 10_000, 10_000)


def test_all_of_it_may_be_the_persons(open_sharing: Sharing) -> None:
    desk = open_sharing(None)
    desk.invoice("1", 13, person="Ewa Kos")
    desk.credit("R", 3, corrects="1")
    assert both(desk) == (Standing(0, 0), Standing(0, 10))


def test_what_waits_is_released_or_refused_for_both(open_sharing: Sharing) -> None:
    desk = open_sharing()
    for number in ("1", "2"):
        desk.invoice(number, 10, person="Ewa Kos", source=IN_REVIEW)
    assert both(desk) == (Standing(6, 0), Standing(14, 0))
    desk.accept("1")
    desk.refuse("2")
    assert both(desk) == (Standing(0, 3), Standing(0, 7))


def test_returns_take_from_where_it_went_whatever_the_shares_are_by_then(open_sharing: Sharing) -> None:
    desk = open_sharing()
    desk.invoice("1", 7, person="Ewa Kos")  # 4.9 and 2.1: 5 and 2
    assert both(desk) == (Standing(0, 2), Standing(0, 5))
    code = desk.program.code
    programs.load(desk.session, programs.document(code, program={"accounts": {"shares": {"to": "company"}}}))
    seen = []
    for number in range(7):
        desk.credit(f"R{number}", 1, corrects="1")
        seen.append((desk.points("D1").available, desk.points("D1:P1").available))
    assert seen == [(2, 4), (1, 4), (1, 3), (1, 2), (1, 1), (0, 1), (0, 0)]
    for number in (3, 0, 6, 1, 5, 2, 4):
        desk.refuse(f"R{number}", CREDIT)
    assert both(desk) == (Standing(0, 2), Standing(0, 5))
    assert len(desk.rows(PersonReversal, person_id=desk.people["D1:P1"])) == 5


def test_a_return_of_a_sale_that_counts_no_more_gives_nothing_back(open_sharing: Sharing) -> None:
    desk = open_sharing()
    desk.invoice("1", 10, person="Ewa Kos")
    desk.credit("R", 4, corrects="1")
    desk.credit("S", 2, corrects="1")
    desk.refuse("S", CREDIT)
    desk.refuse("1")
    assert both(desk) == (Standing(0, 0), Standing(0, 0))
    desk.refuse("R", CREDIT)
    assert both(desk) == (Standing(0, 0), Standing(0, 0))


def test_a_sale_and_its_return_in_one_file_are_shared_alike(open_sharing: Sharing) -> None:
    desk = open_sharing()
    desk.sell(desk.line("1", 10, person="Ewa Kos"), desk.line("R", -5, kind=CREDIT, issued_on="2026-03-02"))
    assert both(desk) == (Standing(0, 1), Standing(0, 4))  # of two equal remainders the company has the one over


def test_a_correction_takes_all_back_and_shares_anew(open_sharing: Sharing) -> None:
    desk = open_sharing()
    desk.invoice("1", 10, person="Ewa Kos")
    desk.invoice("1", 20, person="Ewa Kos", source=CORRECTING)
    assert both(desk) == (Standing(0, 6), Standing(0, 14))


def test_whoever_spent_what_is_taken_back_owes_it(open_sharing: Sharing) -> None:
    desk = open_sharing()
    desk.invoice("1", 10, person="Ewa Kos")
    desk.settle(desk.reserve(7, who="D1:P1"))
    desk.credit("R", 10, corrects="1")
    assert both(desk) == (Standing(0, 0), Standing(0, -7))
    desk.invoice("2", 20, person="Ewa Kos")
    assert both(desk) == (Standing(0, 6), Standing(0, 7))


def test_what_is_not_there_is_forgiven_to_each_where_the_programme_says_so(open_sharing: Sharing) -> None:
    desk = open_sharing(returns="clamp")
    desk.invoice("1", 10, person="Ewa Kos")
    desk.settle(desk.reserve(5, who="D1:P1"))
    desk.credit("R", 10, corrects="1")
    assert both(desk) == (Standing(0, 0), Standing(0, 0))


def test_what_a_person_spent_is_not_decided_anew(open_sharing: Sharing) -> None:
    desk = open_sharing(None, returns="clamp")
    desk.invoice("1", 10, person="Ewa Kos")
    reserved = desk.reserve(10, who="D1:P1")
    again: dict[str, Any] = {"reason": "a letter", "actor": "ann", "now": NOW}
    with pytest.raises(PaidOut, match="D1:P1"):
        decisions.reopen(desk.session, desk.program, desk.document("1").id, **again)
    desk.cancel(reserved)
    decisions.reopen(desk.session, desk.program, desk.document("1").id, **again)
    assert both(desk) == (Standing(0, 0), Standing(10, 0))


def test_points_with_terms_of_their_own_are_shared_apart(open_desk: Opening) -> None:
    bonus = {
        **programs.BASE_RULE,
        "code": "bonus",
        "terms": {"expiry": {"never": True}, "buys": {"kinds": ["goods"]}},
    }
    desk = open_desk(
        program={"accounts": {"shares": {"to": "shares", "person_bp": 5_000}}},
        earning_rules=[dict(programs.BASE_RULE), bonus],
    )
    desk.people["D1:P1"] = opening.open_account(
        desk.session, desk.program, desk.people["D1"], "Ewa Kos", actor="ann", now=NOW
    )
    desk.invoice("1", 3, person="Ewa Kos")
    assert both(desk) == (Standing(0, 2 + 2), Standing(0, 1 + 1))
    desk.credit("R", 3, corrects="1")
    assert both(desk) == (Standing(0, 0), Standing(0, 0))
    desk.refuse("R", CREDIT)
    assert both(desk) == (Standing(0, 4), Standing(0, 2))


def test_whoever_is_blocked_earns_nothing_and_the_company_has_it(open_sharing: Sharing) -> None:
    desk = open_sharing()
    desk.session.get_one(Distributor, desk.people["D1:P1"]).blocked = True
    desk.session.flush()
    desk.invoice("1", 10, person="Ewa Kos")
    assert both(desk) == (Standing(0, 10), Standing(0, 0))


def test_a_statement_of_a_person_says_what_each_document_gave(open_sharing: Sharing) -> None:
    desk = open_sharing()
    desk.invoice("1", 10, person="Ewa Kos")
    assert [":to:" in one.key for one in desk.transactions(TransactionKind.AWARD)] == [False, True]
    lines = balances.statement(desk.session, desk.people["D1:P1"], Unit.POINTS)
    assert [(one.document_number, one.available) for one in lines] == [("1", 7)]


def test_sales_reps_who_sign_in_have_an_account_where_the_programme_shares(open_desk: Opening) -> None:
    desk = open_desk()
    login = f"{desk.program.code}@sales.example"
    people.create_user(desk.session, login, "Jan Żuk", None, actor="ann", now=NOW)
    people.give_role(desk.session, login, desk.program, Role.REP, desk.people["D1"], actor="ann", now=NOW)
    assert opening.open_missing(desk.session, desk.program, actor="ann", now=NOW) == 0
    programs.load(
        desk.session, programs.document(desk.program.code, program={"accounts": {"shares": {"to": "person"}}})
    )
    (made,) = desk.rows(Distributor, person_of_id=desk.people["D1"])
    assert (made.code, made.name, made.person_key) == ("D1:P1", "Jan Żuk", "jan żuk")
    (seat,) = desk.rows(Membership, distributor_id=made.id)
    assert seat.role == Role.PERSON
    assert opening.open_missing(desk.session, desk.program, actor="ann", now=NOW) == 0
    with pytest.raises(opening.NoCompany):
        opening.open_account(desk.session, desk.program, made.id, "Nobody", actor="ann", now=NOW)
    with pytest.raises(people.SeatInvalid):
        people.give_role(desk.session, login, desk.program, Role.OWNER, made.id, actor="ann", now=NOW)


def test_an_account_is_of_who_has_it_whoever_else_bears_the_name(open_sharing: Sharing) -> None:
    desk = open_sharing()
    made = []
    for at, name in enumerate(("Ewa Kos", "ewa kos", "No\u00a0break", "İpek Σας")):
        login = f"{at}-{desk.program.code}@sales.example"
        made.append(people.create_user(desk.session, login, name, None, actor="ann", now=NOW))
        people.give_role(desk.session, login, desk.program, Role.REP, desk.people["D1"], actor="ann", now=NOW)
    given: dict[str, Any] = {"actor": "ann", "now": NOW}
    assert opening.open_missing(desk.session, desk.program, user_id=made[1], **given) == 1, "who came first has it"
    assert opening.open_missing(desk.session, desk.program, **given) == 1, "whom no account can be named after is left"
    assert opening.open_missing(desk.session, desk.program, **given) == 0
    seats = desk.rows(Membership, program_id=desk.program.id, role=Role.PERSON)
    assert [(one.user_id, one.distributor_id == desk.people["D1:P1"]) for one in seats] == [
        (made[1], True),
        (made[3], False),
    ]


def test_whoever_is_erased_keeps_points_under_a_number_and_is_named_no_more(open_sharing: Sharing) -> None:
    desk = open_sharing()
    login = f"{desk.program.code}@sales.example"
    id_ = people.create_user(desk.session, login, "Ewa Kos", None, actor="ann", now=NOW)
    people.give_role(desk.session, login, desk.program, Role.REP, desk.people["D1"], actor="ann", now=NOW)
    assert opening.open_missing(desk.session, desk.program, actor="ann", now=NOW) == 1
    desk.invoice("1", 10, person="Ewa Kos")
    owner = Person(0, "boss", "Boss", platform_owner=True, seats=())
    assert erasure.erase(desk.session, id_, by=owner, reason="asked for it", now=NOW)
    account = desk.session.get_one(Distributor, desk.people["D1:P1"], populate_existing=True)
    assert (account.name, account.person_key) == (f"#{id_}", f"#{id_}:{account.id}")
    desk.invoice("2", 10, person="Ewa Kos")
    assert both(desk) == (Standing(0, 13), Standing(0, 7))


def test_a_person_is_in_the_group_and_the_tier_of_their_company(open_sharing: Sharing) -> None:
    levels = [{"code": "top", "name": "Top", "from": 10}]
    desk = open_sharing(tiers={"levels": levels}, ends_on=None)
    company, person = desk.people["D1"], desk.people["D1:P1"]
    desk.invoice("1", 10, person="Ewa Kos")
    tomorrow = NOW + dt.timedelta(days=1)
    tier_judging.judge(desk.session, desk.program, now=tomorrow)
    days = [NOW.date(), tomorrow.date()]
    assert [tiers.tier_of(desk.session, person, day) for day in days] == [None, "top"]
    owed_to = [
        [(one.tier, one.points) for one in owed.parts_of(totals_of(desk.session, desk.program, until=until))]
        for until in (*(Until(day, Basis.BOOKS) for day in days), None)
    ]
    assert owed_to == [[(None, 10)], [("top", 10)], [("top", 10)]]
    gold = desk.rows(DistributorGroup, program_id=desk.program.id, code="gold")[0].id
    desk.session.get_one(Distributor, company).group_id = gold
    shop = Shop(desk.session, desk.program, person)
    shop.reward("for-top", 1, tiers=["TOP"])
    shop.reward("for-group", 1, group_ids=[gold])
    assert set(shop.offers(now=tomorrow)) == {"for-top", "for-group"}


def test_a_document_in_review_that_returns_too_much_waits_for_both(open_sharing: Sharing) -> None:
    desk = open_sharing()
    desk.sell(
        desk.line("1", 10, person="Ewa Kos"),
        desk.line("1", -2, what="Q"),
    )
    assert desk.document("1").status is DocumentStatus.REVIEW
    assert both(desk) == (Standing(3, 0), Standing(7, 0))
    tier_judging.judge(desk.session, desk.program, now=NOW)
