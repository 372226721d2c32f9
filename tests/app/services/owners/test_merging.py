"""Two distributors that are one: all of it moves, nothing counts twice."""

from typing import Any

import pytest

from app.domain.program_file.tier_settings import Metric
from app.domain.roles import Person, Role
from app.domain.states import DocumentStatus, Unit
from app.models.distributors import Distributor
from app.models.merges import DistributorMerge
from app.models.people import Membership
from app.models.registry import metadata
from app.services.access import erasure, people
from app.services.by_hand import merging
from app.services.imported import aliases
from app.services.ledger import ledger, liability
from app.services.occasions import referrals
from app.services.owners import belongings
from app.services.owners.errors import OwnersError, SamePerson
from app.services.participants import distributor_changes, distributors, head_offices
from app.services.persons import opening
from app.services.reporting import tier_metrics
from app.services.reporting.tier_metrics import Question
from app.services.tracing import balances
from app.web.admin.overview import waiting
from tests.app.services.owners.conftest import Meeting, Owners
from tests.support import programs
from tests.support.desk import CREDIT, IN_REVIEW, Desk, Opening, Standing
from tests.support.programs import BASE_RULE, NOW

REFERRAL = {"code": "brought", "name": "Brought", "kind": "event", "event": "referral", "points": 100}


def test_points_documents_and_people_are_the_survivors(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    desk.invoice("1", 5)
    desk.invoice("2", 4, who="D2")
    desk.invoice("3", 3, who="D2", source=IN_REVIEW)
    login = f"merge-{desk.program.code}@example.com"
    people.create_user(desk.session, login, "Sam", None, platform_owner=False, actor="test", now=NOW)
    for who in ("D1", "D2"):
        people.give_role(desk.session, login, desk.program, Role.OWNER, desk.people[who], actor="test", now=NOW)
    seen = owners.look("D2", "D1")
    assert (seen.documents, seen.points, seen.rows, seen.against) == (
        2,
        {"available": 4, "pending": 3},
        {"people": 1},
        (),
    )
    merge = desk.session.get_one(DistributorMerge, owners.merge("D2", "D1"))
    assert (merge.state, merge.outcome) == ("done", {"documents": 2, "points": 7, "undone": 0, "people": 1})
    assert desk.points("D1") == Standing(3, 9)
    assert desk.points("D2") == Standing(0, 0)
    assert [one.available for one in balances.statement(desk.session, desk.people["D2"], Unit.POINTS)] == [0, -4, 0, 4]
    assert {desk.document(one).distributor_id for one in "123"} == {desk.people["D1"]}
    assert desk.session.get_one(Distributor, desk.people["D2"]).merged_into_id == desk.people["D1"]
    assert [one.distributor_id for one in desk.rows(Membership, program_id=desk.program.id)] == [desk.people["D1"]]
    was = merging.came_from(desk.session, desk.document("2").id)
    assert was is not None
    assert (was.code, was.distributor_id) == ("D2", desk.people["D2"])
    assert merging.came_from(desk.session, desk.document("1").id) is None


def test_the_survivors_figures_are_those_of_both_and_are_counted_once(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    desk.invoice("1", 5)
    desk.invoice("2", 10, who="D2")
    desk.adjust(2, who="D2")
    desk.settle(desk.reserve(3, who="D2"))
    owners.merge("D2", "D1")
    desk.credit("R", 4, corrects="2")
    owners.merge("D1", "D3")
    assert [_figures(desk, who) for who in ("D1", "D2", "D3")] == [(0, 0, 0, 0), (0, 0, 0, 0), (11, 3, 2, 10)]
    listed = {one.code: one for one in balances.balances(desk.session, desk.program.id, Unit.POINTS)}
    for who in ("D1", "D2", "D3"):
        assert listed[who] == balances.balance_of(desk.session, desk.program.id, who, Unit.POINTS)
    assert [one.moved for one in listed.values() if one.code in desk.people] == [True, True, True]
    ask = [Question(desk.people["D3"], (None, None))]
    assert tier_metrics.counted(desk.session, Metric.POINTS, ask).tolist() == [11]


def _figures(desk: Desk, who: str) -> tuple[int, int, int, int]:
    found = balances.balance_of(desk.session, desk.program.id, who, Unit.POINTS)
    return found.earned, found.spent, found.adjusted, found.available


def test_who_was_merged_and_people_are_not_counted_as_distributors(open_owners: Meeting) -> None:
    desk, owners = open_owners(accounts={"shares": {"to": "shares", "person_bp": 5_000}})
    opening.open_account(desk.session, desk.program, desk.people["D1"], "Ewa Kos", actor="ann", now=NOW)
    desk.invoice("1", 10, who="D2")
    companies = len(desk.rows(Distributor, program_id=desk.program.id, person_of_id=None))
    assert waiting.points_sum(desk.session, desk.program.id).distributors == companies
    groups = liability.outstanding_by_group(desk.session, desk.program.id)
    owners.merge("D2", "D1")
    sums = waiting.points_sum(desk.session, desk.program.id)
    assert (sums.distributors, sums.available, sums.earned) == (companies - 1, 10, 10)
    after = liability.outstanding_by_group(desk.session, desk.program.id)
    assert sum(one.distributors for one in after) == sum(one.distributors for one in groups) - 1
    assert sum(one.total for one in after) == sum(one.total for one in groups)


def test_a_head_office_sees_what_a_branch_earned_before_it_was_merged(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    desk.invoice("1", 5)
    desk.invoice("2", 10, who="D2")
    office = desk.people["D3"]
    desk.session.get_one(Distributor, desk.people["D1"]).head_office_id = office
    desk.session.flush()
    owners.merge("D2", "D1")
    assert [one.earned for one in head_offices.first_branches(desk.session, office)] == [15]
    assert head_offices.points_together(desk.session, office).earned == 15


def test_people_of_the_merged_one_are_the_survivors_and_give_back_what_they_had(open_owners: Meeting) -> None:
    desk, owners = open_owners(accounts={"shares": {"to": "shares", "person_bp": 5_000}})
    for who in ("D2", "D1"):
        desk.people[f"{who}:P1"] = opening.open_account(
            desk.session, desk.program, desk.people[who], "Ewa Kos", actor="ann", now=NOW
        )
    desk.invoice("1", 10, who="D2", person="Ewa Kos")
    desk.invoice("2", 10, who="D2", person="Ewa Kos")
    assert owners.look("D2:P1", "D1").against == ("company_and_person",)
    owners.merge("D2", "D1")
    assert [desk.points(one).available for one in ("D1", "D2:P1")] == [10, 10]
    desk.credit("R", 10, who="D1", corrects="1")
    desk.refuse("2")
    assert [desk.points(one).available for one in ("D1", "D2:P1")] == [0, 0]
    desk.invoice("3", 10, person="Ewa Kos")
    owned = [desk.points(one).available for one in ("D1", "D2:P1", "D1:P1")]
    assert owned == [5, 0, 5], "both had an Ewa: hers who stands there is meant"
    owners.merge("D2:P1", "D1:P1")
    desk.invoice("4", 10, person="Ewa Kos")
    owned = [desk.points(one).available for one in ("D1", "D2:P1", "D1:P1")]
    assert owned == [10, 0, 10], "who turns out to be one has one account"
    with pytest.raises(OwnersError):
        owners.pool("D1:P1")


def test_a_person_who_has_two_accounts_gives_back_what_either_earned(open_owners: Meeting) -> None:
    desk, owners = open_owners(accounts={"shares": {"to": "shares", "person_bp": 5_000}})
    for code, name in (("D1:P1", "Ewa Kos"), ("D1:P2", "Ewa Lis")):
        desk.people[code] = opening.open_account(
            desk.session, desk.program, desk.people["D1"], name, actor="ann", now=NOW
        )
    for number in "12":
        desk.invoice(number, 10, person="Ewa Kos")
    desk.credit("Q", 4, corrects="2")
    owners.merge("D1:P1", "D1:P2")
    desk.credit("R", 6, corrects="1")
    assert [desk.points(one).available for one in ("D1", "D1:P2")] == [5, 5]
    desk.refuse("1")
    assert [desk.points(one).available for one in ("D1", "D1:P2")] == [3, 3]
    desk.refuse("R", CREDIT)
    assert [desk.points(one).available for one in ("D1", "D1:P2")] == [3, 3]
    desk.refuse("2")
    assert [desk.points(one).available for one in ("D1", "D1:P2")] == [0, 0]
    desk.invoice("3", 10, person="Ewa Kos")
    assert [desk.points(one).available for one in ("D1", "D1:P2")] == [5, 5], "the name of then is hers still"


def test_whoever_is_erased_is_named_no_more_by_an_account_that_became_theirs(open_owners: Meeting) -> None:
    desk, owners = open_owners(accounts={"shares": {"to": "shares", "person_bp": 5_000}})
    given: dict[str, Any] = {"actor": "ann", "now": NOW}
    for code, name in (("D1:P1", "Ewa Kos"), ("D1:P2", "Ewa Lis")):
        desk.people[code] = opening.open_account(desk.session, desk.program, desk.people["D1"], name, **given)
    login = f"{desk.program.code}@sales.example"
    id_ = people.create_user(desk.session, login, "Ewa Lis", None, **given)
    people.give_role(desk.session, login, desk.program, Role.REP, desk.people["D1"], **given)
    assert opening.open_missing(desk.session, desk.program, **given) == 1
    owners.merge("D1:P1", "D1:P2")
    boss = Person(0, "boss", "Boss", platform_owner=True, seats=())
    assert erasure.erase(desk.session, id_, by=boss, reason="asked for it", now=NOW)
    records = [desk.session.get_one(Distributor, desk.people[f"D1:P{at}"], populate_existing=True) for at in (1, 2)]
    assert [(one.name, one.person_key) for one in records] == [(f"#{id_}", f"#{id_}:{one.id}") for one in records]
    for number, name in (("1", "Ewa Kos"), ("2", "Ewa Lis")):
        desk.invoice(number, 10, person=name)
    assert [desk.points(one).available for one in ("D1", "D1:P2")] == [20, 0]
    other = opening.open_account(desk.session, desk.program, desk.people["D1"], "Ewa Kos", **given)
    assert other not in {one.id for one in records}, "somebody else of that name gets an account of their own"


def test_what_a_return_took_before_a_merge_comes_back_after_it(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    desk.invoice("1", 10, who="D2")
    for number in "QR":
        desk.credit(number, 2, who="D2", corrects="1")
    owners.merge("D2", "D1")
    desk.refuse("Q", CREDIT)
    desk.refuse("R", CREDIT)
    assert desk.points("D1").available == 10
    desk.refuse("1")
    assert desk.points("D1").available == 0


def test_the_code_of_the_merged_one_means_the_survivor(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    owners.merge("D2", "D1")
    owners.merge("D1", "D3")
    survivor = desk.people["D3"]
    assert distributors.id_of_code(desk.session, desk.program.id, "d2") == survivor
    names = aliases.distributor_names(desk.session, desk.program.id, "sales")
    assert names.own("d2") == names.own("d1") == names.own("d3")


def test_what_comes_later_meets_what_was_the_merged_ones(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    desk.invoice("1", 4, who="D2")
    desk.invoice("2", 6, who="D2")
    desk.invoice("3", 5, who="D2", source=IN_REVIEW)
    owners.merge("D2", "D1")
    desk.invoice("1", 4)
    assert desk.points() == Standing(5, 10), "the same document of the survivor is a duplicate"
    desk.credit("R", 2, corrects="2")
    desk.refuse("1")
    desk.accept("3")
    assert desk.points() == Standing(0, 9)
    desk.refuse("R", CREDIT)
    assert desk.points() == Standing(0, 11)


def test_the_same_document_of_both_counts_once(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    for who in ("D1", "D2"):
        desk.invoice("1", 5, who=who)
    (both,) = owners.look("D2", "D1").twice
    assert both.same
    owners.merge("D2", "D1")
    assert desk.points() == Standing(0, 5)
    assert desk.document("1").status is DocumentStatus.SUPERSEDED


@pytest.mark.parametrize(("whose", "left"), [(merging.SURVIVOR, 5), (merging.MERGED, 7)])
def test_somebody_says_which_of_two_that_differ_counts(open_owners: Meeting, whose: str, left: int) -> None:
    desk, owners = open_owners()
    desk.invoice("1", 5)
    desk.invoice("1", 7, who="D2")
    (both,) = owners.look("D2", "D1").twice
    with pytest.raises(OwnersError) as refused:
        owners.merge("D2", "D1")
    assert refused.value.code == "undecided"
    owners.merge("D2", "D1", **{str(both.merged_document_id): whose})
    assert desk.points() == Standing(0, left)


def test_a_second_person_merges(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    given = (desk.session, desk.program)
    asked = merging.request(
        *given, desk.people["D2"], desk.people["D1"], note="one firm", choices={}, actor="ann", now=NOW
    )
    with pytest.raises(SamePerson):
        merging.approve(*given, asked, actor="ANN", now=NOW)
    merging.refuse(*given, asked, actor="ben", now=NOW)
    owners.merge("D2", "D1")
    with pytest.raises(OwnersError) as refused:
        owners.merge("D2", "D3")
    assert refused.value.code == "merged_before"


def test_the_record_of_the_merged_one_stays_closed(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    owners.merge("D2", "D1")
    said: dict[str, Any] = {"reason": "asked for it", "actor": "ann", "now": NOW}
    assert not distributor_changes.set_blocked(desk.session, desk.program, desk.people["D2"], blocked=False, **said)
    assert desk.session.get_one(Distributor, desk.people["D2"]).blocked


def test_what_stands_against_a_merge(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    desk.invoice("1", 5, who="D2")
    held = desk.reserve(2, who="D2")
    assert owners.look("D2", "D1").against == ("reserved",)
    desk.cancel(held)
    owners.pool("D3", "D2")
    assert owners.look("D2", "D1").against == ("in_a_pool",)
    assert owners.look("D1", "D1").against == ("itself",)


def test_the_survivor_may_stand_in_a_pool(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    desk.invoice("1", 5, who="D2")
    desk.adjust(2, who="D2")
    pool = owners.pool("D3", "D1")
    owners.merge("D2", "D1")
    assert desk.points("D3") == Standing(0, 7)
    assert owners.leave(pool, "D1") == 7
    assert ledger.wallet_of(desk.session, desk.people["D2"], Unit.POINTS) == desk.account("D1")


def test_every_column_that_names_a_distributor_moves_or_says_why_it_stays() -> None:
    moving = {f"{one.model.__tablename__}.{one.column.key}" for one in belongings.MOVING}
    naming = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if column.info.get("reference") == "distributor"
        or any(key.target_fullname == "distributor.id" for key in column.foreign_keys)
    }
    naming |= {"cap_usage.distributor_id", "distributor.head_office_id"}
    missing = naming - moving - set(belongings.STAYING)
    assert not missing, "say in app/services/owners/belongings.py what becomes of these when distributors are merged"
    assert set(belongings.STAYING) | moving == naming
    kept = {name: table.info["kept"] for name, table in metadata.tables.items() if table.info.get("kept")}
    fixed = [one for one in moving if one.split(".")[1] not in kept.get(one.split(".")[0], (one.split(".")[1],))]
    assert not fixed, "the application may not change these: name them in KEPT"


def test_a_referral_given_to_a_survivor_goes_back_though_that_was_merged_as_well(open_desk: Opening) -> None:
    desk = open_desk(earning_rules=[dict(BASE_RULE), REFERRAL])
    owners = Owners(desk)
    desk.people |= programs.people(desk.session, desk.program, ["D4"])
    referrals.name(desk.session, desk.program, desk.people["D4"], desk.people["D1"], actor="ann", now=NOW)
    owners.merge("D1", "D2")
    desk.invoice("1", 10, who="D4")
    given = (desk.session, desk.program)
    assert referrals.reward_due(*given, now=NOW) == 1
    owners.merge("D2", "D3")
    assert desk.points("D3").available == 100
    desk.refuse("1")
    assert referrals.take_back_due(*given, now=NOW) == 1
    assert desk.points("D3").available == 0
    desk.invoice("2", 10, who="D4")
    assert referrals.reward_due(*given, now=NOW) == 1
    assert desk.points("D3").available == 100
