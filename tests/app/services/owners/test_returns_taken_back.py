"""What a return had taken comes back after its sale's points have moved: to where they are, and as what they are."""

import datetime as dt
from dataclasses import replace

import pytest

from app.domain.states import BatchStatus, TransactionKind, Unit
from app.models.imports import ImportBatch
from app.models.ledger import Lot
from app.services.owners import pools
from app.services.persons import opening
from app.services.telling.movement_notes import in_words
from app.services.tracing import chain
from tests.app.services.owners.conftest import Meeting
from tests.support.desk import CORRECTING, CREDIT, IN_REVIEW, Standing
from tests.support.programs import NOW


@pytest.mark.parametrize("took", [4, 10], ids=["some", "all"])
@pytest.mark.parametrize("then", ["accept", "refuse"])
@pytest.mark.parametrize("comes_back", ["before", "after"])
def test_what_waits_again_after_a_merge_is_decided_with_its_sale(
    open_owners: Meeting, took: int, then: str, comes_back: str
) -> None:
    desk, owners = open_owners()
    desk.invoice("1", 10, who="D2", source=IN_REVIEW)
    desk.credit("R", took, who="D2", corrects="1")
    owners.merge("D2", "D1")
    assert desk.points() == Standing(10 - took, 0)
    if comes_back == "before":
        desk.refuse("R", CREDIT)
        assert desk.points() == Standing(10, 0)
    owners.merge("D1", "D3")
    if comes_back == "after":
        desk.refuse("R", CREDIT)
        assert desk.points("D3") == Standing(10, 0)
    if then == "accept":
        desk.accept("1")
        assert desk.points("D3") == Standing(0, 10)
    desk.refuse("1")
    assert desk.points("D3") == Standing(0, 0)


def test_a_return_that_is_corrected_after_a_merge_takes_of_all_that_waits(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    desk.invoice("1", 10, who="D2", source=IN_REVIEW)
    desk.credit("R", 4, who="D2", corrects="1")
    owners.merge("D2", "D1")
    for takes, left in ((2, 8), (9, 1), (5, 5), (10, 0), (1, 9)):
        desk.credit("R", takes, corrects="1", source=CORRECTING)
        assert desk.points() == Standing(left, 0)
    desk.credit("S", 9, corrects="1")
    assert desk.points() == Standing(0, 0)
    desk.refuse("R", CREDIT)
    desk.refuse("S", CREDIT)
    desk.accept("1")
    assert desk.points() == Standing(0, 10)


def test_what_comes_back_after_a_merge_is_what_it_was(open_owners: Meeting) -> None:
    desk, owners = open_owners(expiry={"months_after_award": 12})
    desk.invoice("1", 10, who="D2")
    (given,) = desk.transactions(TransactionKind.AWARD)
    desk.credit("R", 4, who="D2", corrects="1")
    owners.merge("D2", "D1")
    desk.refuse("R", CREDIT)
    was = desk.session.get_one(Lot, given.id)
    lots = desk.rows(Lot, account_id=desk.account())
    assert sorted(one.amount for one in lots) == [4, 6]
    for one in lots:
        assert (one.earned_on, one.expires_on, one.terms_id) == (was.earned_on, was.expires_on, was.terms_id)


@pytest.mark.parametrize("took", [4, 10], ids=["some", "all"])
def test_what_waits_again_is_with_whoever_earned_it_though_it_left_the_pool(open_owners: Meeting, took: int) -> None:
    desk, owners = open_owners()
    pool = owners.pool("D1", "D2")
    desk.invoice("1", 10, who="D2", source=IN_REVIEW)
    desk.credit("R", took, who="D2", corrects="1")
    owners.leave(pool, "D2", takes_own=False)
    desk.refuse("R", CREDIT)
    assert [desk.points(one) for one in ("D1", "D2")] == [Standing(0, 0), Standing(10, 0)]
    owners.join(pool, "D2")
    desk.accept("1")
    assert desk.points("D1") == Standing(0, 10)
    desk.refuse("1")
    assert desk.points("D1") == Standing(0, 0)


def test_what_a_member_took_along_from_a_pool_has_what_comes_back(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    pool = owners.pool("D1", "D2")
    desk.invoice("1", 10, who="D2")
    desk.credit("R", 4, who="D2", corrects="1")
    owners.leave(pool, "D2", takes_own=True)
    desk.refuse("R", CREDIT)
    assert [desk.points(one).available for one in ("D1", "D2")] == [0, 10]
    desk.refuse("1")
    assert [desk.points(one).available for one in ("D1", "D2")] == [0, 0]


def test_what_was_spent_of_points_that_moved_is_owed_where_they_are(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    desk.invoice("1", 10, who="D2", source=IN_REVIEW)
    desk.credit("R", 4, who="D2", corrects="1")
    owners.merge("D2", "D1")
    desk.refuse("R", CREDIT)
    desk.accept("1")
    desk.settle(desk.reserve(7))
    owners.merge("D1", "D3")
    desk.refuse("1")
    assert desk.points("D3") == Standing(0, -7)


def test_the_part_of_a_person_waits_again_on_their_account(open_owners: Meeting) -> None:
    desk, owners = open_owners(accounts={"shares": {"to": "shares", "person_bp": 5_000}})
    for who, name in (("D2", "Ewa Kos"), ("D1", "Ewa Lis")):
        desk.people[f"{who}:P1"] = opening.open_account(
            desk.session, desk.program, desk.people[who], name, actor="ann", now=NOW
        )
    desk.invoice("1", 10, who="D2", person="Ewa Kos", source=IN_REVIEW)
    desk.credit("R", 4, who="D2", corrects="1")
    owners.merge("D2", "D1")
    owners.merge("D2:P1", "D1:P1")
    desk.refuse("R", CREDIT)
    assert [desk.points(one) for one in ("D1", "D1:P1")] == [Standing(5, 0), Standing(5, 0)]
    desk.accept("1")
    assert [desk.points(one) for one in ("D1", "D1:P1")] == [Standing(0, 5), Standing(0, 5)]


@pytest.mark.parametrize("took", [4, 10], ids=["some", "all"])
def test_what_comes_back_of_no_document_after_a_merge_lasts_as_long_as_it_did(open_owners: Meeting, took: int) -> None:
    desk, owners = open_owners(expiry={"months_after_award": 12})
    desk.invoice("1", 10, who="D2")
    desk.settle(desk.reserve(10, who="D2"))
    desk.adjust(10, who="D2")
    (given,) = desk.transactions(TransactionKind.ADJUST)
    desk.credit("R", took, who="D2", corrects="1")
    owners.merge("D2", "D1")
    desk.refuse("R", CREDIT, now=NOW + dt.timedelta(days=90))
    assert desk.points("D1") == Standing(0, 10)
    was = desk.session.get_one(Lot, given.id)
    for one in desk.rows(Lot, account_id=desk.account()):
        assert (one.earned_on, one.expires_on, one.unit_value_micro) == (
            was.earned_on,
            was.expires_on,
            was.unit_value_micro,
        )
    desk.credit("S", took, corrects="1", source=CORRECTING)
    owners.merge("D1", "D3")
    desk.refuse("S", CREDIT, now=NOW + dt.timedelta(days=90))
    assert desk.points("D3") == Standing(0, 10)


@pytest.mark.parametrize("took", [4, 10], ids=["some", "all"])
def test_what_comes_back_of_no_document_stays_whose_it_was_within_a_pool(open_owners: Meeting, took: int) -> None:
    desk, owners = open_owners()
    desk.invoice("1", 10, who="D2")
    desk.settle(desk.reserve(10, who="D2"))
    desk.adjust(10, who="D2")
    desk.credit("R", took, who="D2", corrects="1")
    pool = owners.pool("D1", "D2")
    desk.refuse("R", CREDIT)
    told = {one.code: one.earned for one in pools.contributions(desk.session, pool)}
    assert told == {"D2": 10}
    assert owners.leave(pool, "D2", takes_own=True) == 10
    assert [desk.points(one).available for one in ("D1", "D2")] == [0, 10]


@pytest.mark.parametrize("took", [4, 10], ids=["some", "all"])
def test_what_a_correction_by_import_brings_after_a_merge_says_by_which(open_owners: Meeting, took: int) -> None:
    desk, owners = open_owners()
    desk.invoice("1", 10, who="D2")
    desk.credit("R", took, who="D2", corrects="1")
    owners.merge("D2", "D1")
    batch = ImportBatch(
        program_id=desk.program.id,
        kind="sales",
        profile_name="sales",
        profile={},
        file_name="sales.csv",
        file_sha256=b"",
        file_bytes=1,
        status=BatchStatus.DONE,
        created_by="ann",
        created_at=NOW,
    )
    desk.session.add(batch)
    desk.session.flush()
    desk.credit("R", 1, corrects="1", source=replace(CORRECTING, batch_id=batch.id))
    came = chain.lots_left(desk.session, desk.people["D1"], Unit.POINTS)[-1]
    assert came.source.kind is TransactionKind.TRANSFER
    assert in_words(came.source.reason or "", "en") == f"Corrected by import {batch.id}"
