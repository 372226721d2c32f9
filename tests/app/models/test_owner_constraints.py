"""What the tables of transfers, pools and merges themselves refuse, whoever writes to them."""

import datetime as dt
from collections.abc import Iterator

import pytest

from app.models.distributors import Distributor
from app.models.ledger import Account
from tests.app.models.whole_rows import World
from tests.support import programs
from tests.support.programs import NOW


@pytest.fixture
def house(laid_out: World) -> Iterator[World]:
    """The world with a second distributor and a pool; what a test adds is taken back."""
    saved, before = laid_out.session.begin_nested(), dict(laid_out.ids)
    laid_out.ids["other"] = programs.people(laid_out.session, laid_out.program, ["D2"])["D2"]
    laid_out.ids["pool"] = laid_out.insert("pool")
    yield laid_out
    laid_out.ids.clear()
    laid_out.ids.update(before)
    saved.rollback()


def test_an_account_that_leads_elsewhere_is_empty_and_nothing_leads_to_itself(house: World) -> None:
    there = house.ids["account"]
    empty = {"available": 0, "earned": 0, "leads_to_id": there}
    assert house.change_refused(Account, **empty) == "ck_account_leads_elsewhere"
    assert house.change_refused(Account, leads_to_id=there + 1) == "ck_account_empty_where_it_leads_away"
    assert house.change_refused(Distributor, merged_into_id=house.ids["distributor"]) == (
        "ck_distributor_merged_into_another"
    )


def test_a_transfer_has_two_participants_an_amount_and_two_people(house: World) -> None:
    one, other = house.ids["distributor"], house.ids["other"]
    given = {"giver_id": one, "receiver_id": other, "amount": 5, "state": "waiting", "requested_by": "ann"}
    assert house.refused("points_transfer", **given | {"amount": 0}) == "ck_points_transfer_amount"
    assert house.refused("points_transfer", **given | {"receiver_id": one}) == "ck_points_transfer_two_participants"
    assert house.refused("points_transfer", **given | {"state": "approved"}) == "ck_points_transfer_decided_as_a_whole"
    own = {"state": "approved", "decided_by": "ANN", "decided_at": NOW}
    assert house.refused("points_transfer", **given | own) == "ck_points_transfer_four_eyes"
    house.insert("points_transfer", **given)
    assert house.refused("points_transfer", **given) == "uq_points_transfer_program_id_key"


def test_a_distributor_is_in_one_pool_at_a_time_and_leaves_as_a_whole(house: World) -> None:
    member = {"distributor_id": house.ids["other"], "joined_on": NOW.date()}
    before = NOW.date() - dt.timedelta(days=1)
    assert house.refused("pool_member", **member, left_on=before, left_by="ann") == "ck_pool_member_days"
    assert house.refused("pool_member", **member, left_on=NOW.date()) == "ck_pool_member_left_as_a_whole"
    house.insert("pool_member", **member)
    assert house.refused("pool_member", **member) == "uq_pool_member_now"


def test_two_people_merge_two_distributors_once(house: World) -> None:
    one, other = house.ids["distributor"], house.ids["other"]
    asked = {"merged_id": other, "survivor_id": one, "state": "waiting", "requested_by": "ann"}
    assert house.refused("distributor_merge", **asked | {"merged_id": one}) == "ck_distributor_merge_two_distributors"
    assert house.refused("distributor_merge", **asked | {"state": "done"}) == "ck_distributor_merge_decided_as_a_whole"
    own = {"state": "done", "decided_by": "Ann", "decided_at": NOW}
    assert house.refused("distributor_merge", **asked | own) == "ck_distributor_merge_four_eyes"
    house.insert("distributor_merge", **asked)
    assert house.refused("distributor_merge", **asked) == "uq_distributor_merge_merged"
