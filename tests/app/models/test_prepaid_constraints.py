"""What the tables of conversion runs, cards and top-ups refuse by themselves, whoever writes to them."""

import datetime as dt
import uuid
from typing import Any

import pytest

from app.domain.states import AskedState, CardState, RunKind, RunStatus, TopUpKind, TopUpStatus
from tests.app.models.whole_rows import LATER, World, plain, top_up
from tests.support.programs import NOW


@pytest.mark.parametrize("approver", ["ada", "ADA", "  Ada "])
def test_nobody_approves_what_they_previewed(world: World, approver: str) -> None:
    values = {**plain("conversion_run"), "status": RunStatus.APPROVED, "approved_at": LATER}
    assert world.refused("conversion_run", **values, approved_by=approver) == "ck_conversion_run_four_eyes"
    world.insert("conversion_run", **values, approved_by="bea")


def test_an_approval_has_a_person_and_a_time(world: World) -> None:
    for values in ({"approved_by": "bea"}, {"approved_at": LATER}):
        assert world.refused("conversion_run", **plain("conversion_run"), **values) == (
            "ck_conversion_run_approved_as_a_whole"
        )


@pytest.mark.parametrize("status", RunStatus)
def test_nothing_is_ordered_that_nobody_approved(world: World, status: RunStatus) -> None:
    values = {**plain("conversion_run"), "status": status}
    if status in (RunStatus.PREPARING, RunStatus.PREVIEW, RunStatus.EMPTY, RunStatus.CANCELLED):
        world.insert("conversion_run", **values)
    else:
        assert world.refused("conversion_run", **values) == "ck_conversion_run_approved_before_ordered"


def test_one_run_of_a_programme_is_prepared_at_a_time(world: World) -> None:
    preparing = {"status": RunStatus.PREPARING}
    world.insert("conversion_run", **plain("conversion_run") | preparing)
    assert world.refused("conversion_run", **plain("conversion_run") | preparing) == "uq_conversion_run_preparing"


def test_a_period_does_not_end_before_it_begins(world: World) -> None:
    backwards = {"from_on": dt.date(2026, 2, 2), "to_on": dt.date(2026, 2, 1)}
    assert world.refused("conversion_run", **plain("conversion_run"), **backwards) == "ck_conversion_run_period"


def test_a_redemption_is_of_something_and_nobody_is_redeemed_twice_in_a_run(world: World) -> None:
    run = world.insert("conversion_run", **plain("conversion_run"))
    for values in ({"points": 0}, {"points": -1}, {"amount_minor": 0}):
        assert world.refused("redemption", run_id=run, **values) == "ck_redemption_amounts"
    for values in ({"compensation_minor": -1}, {"withheld_minor": -1}, {"counted_minor": -1}):
        assert world.refused("redemption", run_id=run, **values) == "ck_redemption_tax_amounts"
    world.insert("redemption", run_id=run)
    assert world.refused("redemption", run_id=run) == "uq_redemption_run_id_account_id"


def test_what_was_asked_for_by_itself_is_asked_once_approved_by_somebody_else_and_gathered_after_that(
    world: World,
) -> None:
    run = world.insert("conversion_run", **plain("conversion_run"))
    asked = {"run_id": None, "key": uuid.uuid4().hex, "asked_by": "ada"}
    for values in ({"run_id": None}, {**asked, "asked_by": None}, {"run_id": run, "asked_by": "ada"}):
        assert world.refused("redemption", **values) == "ck_redemption_asked"
    for values in ({"approved_by": "bea"}, {"approved_by": " Ada", "approved_at": LATER}):
        assert world.refused("redemption", **{**asked, **values}) == "ck_redemption_approved"
    assert world.refused("redemption", **{**asked, "run_id": run}) == "ck_redemption_gathered"
    for values in ({"ended_at": LATER}, {"ended_by": "ada"}):
        assert world.refused("redemption", **{**asked, **values}) == "ck_redemption_ended_as_a_whole"
    for values in ({**asked, "withdrawn": True}, {"run_id": run, "withdrawn": True}):
        assert world.refused("redemption", **values) == "ck_redemption_withdrawn_is_ended"
    gathered = {"run_id": run, "approved_at": LATER}
    world.insert("redemption", **{**asked, **gathered})
    assert world.refused("redemption", **asked) == "uq_redemption_account_id_key"
    world.insert("redemption", **{**asked, **gathered, "key": "another"})  # an account may have asked twice


def test_a_schedule_makes_one_run_a_month_and_a_run_that_gathers_has_no_approval_of_its_own(world: World) -> None:
    month = {"scheduled_on": dt.date(2026, 2, 1)}
    world.insert("conversion_run", **plain("conversion_run"), **month)
    again = world.refused("conversion_run", **plain("conversion_run"), **month)
    assert again == "uq_conversion_run_program_id_scheduled_on"
    values = {**plain("conversion_run"), "status": RunStatus.SETTLED, "kind": RunKind.REDEMPTIONS}
    world.insert("conversion_run", **values)


def test_a_card_is_issued_as_a_whole_and_shows_four_digits(world: World) -> None:
    card = {**plain("card"), "state": CardState.ACTIVE}
    issued = {"token": "t", "last4": "1234", "issued_at": NOW}
    for missing in issued:
        values = {**card, **issued, missing: None}
        assert world.refused("card", **values) == "ck_card_issued_as_a_whole"
    for digits in ("12a4", "123", "١٢٣٤", "    "):
        assert world.refused("card", **{**card, **issued, "last4": digits}) == "ck_card_last4"
    world.insert("card", **card, **issued)
    assert world.refused("card", **card, **issued) == "uq_card_provider_token"


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"state": CardState.ACTIVE}, "issued_state"),
        ({"token": "tok", "last4": "0001", "issued_at": NOW, "state": CardState.ORDERED}, "ordered_state"),
        ({"active": True, "state": CardState.CLOSED}, "ended_state"),
        ({"carried_minor": -1}, "carried"),
        ({"balance_minor": 1}, "balance_as_a_whole"),
    ],
)
def test_a_card_is_as_far_as_its_state_says(world: World, values: dict[str, Any], why: str) -> None:
    assert world.refused("card", **{**plain("card"), **values}) == f"ck_card_{why}"


def test_a_card_is_asked_for_one_load_at_a_time(world: World) -> None:
    load = {"state": AskedState.ASKED, "amount_minor": 5, "limit_minor": 5}
    assert world.refused("card_load", **{**load, "limit_minor": 4}) == "ck_card_load_amounts"
    assert world.refused("card_load", **load, ended_at=NOW) == "ck_card_load_ended"
    world.insert("card_load", **load, reference="first")
    assert world.refused("card_load", **load, reference="second") == "uq_card_load_asked"
    world.insert("card_load", **{**load, "state": AskedState.LOADED}, ended_at=NOW, reference="second")
    assert world.refused("card_load", **load, reference="first") == "uq_card_load_reference"


def test_a_distributor_has_one_card_that_is_loaded(world: World) -> None:
    world.insert("card", **{**plain("card"), "active": True})
    assert world.refused("card", **{**plain("card"), "active": True}) == "uq_card_active"
    world.insert("card", **{**plain("card"), "active": True, "provider": "another"})


def test_a_top_up_is_ordered_with_its_card_and_its_file(world: World) -> None:
    for status in (TopUpStatus.ORDERED, TopUpStatus.SENDING, TopUpStatus.UNKNOWN):
        for missing in ({"card_id": None}, {"load_batch_id": None}):
            ids = {"card_id": world.ids["card"], "load_batch_id": world.ids["load_batch"], **missing}
            assert world.refused("top_up", **top_up(status=status, **ids)) == "ck_top_up_ordered"


@pytest.mark.parametrize("status", TopUpStatus)
def test_a_top_up_has_a_time_of_its_end_when_it_has_ended(world: World, status: TopUpStatus) -> None:
    ended = status in (TopUpStatus.LOADED, TopUpStatus.FAILED, TopUpStatus.CANCELLED)
    ids = {"card_id": world.ids["card"], "load_batch_id": world.ids["load_batch"]}
    wrong = world.refused("top_up", **top_up(status=status, settled_at=None if ended else NOW, **ids))
    assert wrong == "ck_top_up_settled"
    world.insert("top_up", **top_up(status=status, settled_at=NOW if ended else None, **ids))


def test_a_redemption_is_loaded_once(world: World) -> None:
    """A further attempt comes after one that failed; two that could both load do not stand side by side."""
    ids = {"card_id": world.ids["card"], "load_batch_id": world.ids["load_batch"]}
    failed = {"status": TopUpStatus.FAILED, "settled_at": NOW, **ids}
    world.insert("top_up", **top_up(attempt=1, **failed))
    assert world.refused("top_up", **top_up(attempt=1)) == "uq_top_up_redemption_id_kind_attempt"
    world.insert("top_up", **top_up(attempt=2))
    assert world.refused("top_up", **top_up(attempt=3)) == "uq_top_up_live"
    world.insert("top_up", **top_up(attempt=1, kind=TopUpKind.COMPENSATION))


def test_a_top_up_is_of_something_and_has_a_reference_of_its_own(world: World) -> None:
    for amount in (0, -1):
        assert world.refused("top_up", **top_up(amount_minor=amount)) == "ck_top_up_amount"
    world.insert("top_up", **top_up(reference="ours"))
    again = top_up(reference="ours", kind=TopUpKind.COMPENSATION)
    assert world.refused("top_up", **again) == "uq_top_up_reference"
