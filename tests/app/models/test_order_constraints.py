"""What the tables of rewards and orders themselves refuse, whoever writes to them."""

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from app.domain.states import OrderState, RewardKind, SupplierFileState
from app.models.registry import metadata
from tests.app.models.whole_rows import World
from tests.support.programs import NOW

DAY, DAY_BEFORE = NOW.date(), NOW.date() - dt.timedelta(days=1)
_OWN: dict[str, dict[str, Any]] = {
    "reward": {"kind": RewardKind.GOODS, "price_by_hand": True},
    "supplier_file": {"state": SupplierFileState.WRITTEN},
    "reward_order": {"state": OrderState.WAITING, "approved_by": None, "cash_minor": 0, "repaid_minor": 0},
    "order_line": {"state": OrderState.WAITING, "cancelled": 0, "returned": 0},
    "instant_reward": {"first_on": DAY, "last_on": DAY, "stopped_at": None, "stopped_by": None},
}
_ORDER = ("reward", "supplier_file", "reward_order", "order_line", "draw")


def own(table: str) -> dict[str, Any]:
    """Give what a whole row of a table has besides its types: names of its own, and figures that agree."""
    named = {name: uuid.uuid4().hex for name in ("code", "code_key", "key") if name in metadata.tables[table].columns}
    return {**named, **_OWN.get(table, {})}


@pytest.fixture
def house(laid_out: World) -> Iterator[World]:
    """The world with a reward, an order of it and a draw; what a test adds is taken back."""
    saved, before = laid_out.session.begin_nested(), dict(laid_out.ids)
    for table in _ORDER:
        laid_out.ids[table] = laid_out.insert(table, **own(table))
    yield laid_out
    laid_out.ids.clear()
    laid_out.ids.update(before)
    saved.rollback()


@pytest.mark.parametrize(
    ("table", "values", "why"),
    [
        ("reward_season", {"points": 0}, "points_above_zero"),
        ("reward_season", {"from_on": DAY, "until_on": DAY_BEFORE, "announced_on": DAY}, "begins_before_it_ends"),
        ("reward_season", {"from_on": DAY_BEFORE, "until_on": DAY, "announced_on": DAY}, "announced_before_it_begins"),
        ("reward_audience", {}, "one_of_the_two"),
        ("basket_item", {"quantity": 0}, "quantity"),
        ("supplier_file", {"sent_at": NOW}, "sent_as_a_whole"),
        ("supplier_file", {"state": SupplierFileState.SENT}, "sent_as_a_whole"),
        ("reward_order", {"placed_by": "Ann ", "approved_by": "ann"}, "four_eyes"),
        ("reward_order", {"state": OrderState.APPROVED}, "approved_before_it_goes"),
        ("reward_order", {"points": 0}, "figures_make_sense"),
        ("reward", {"cash_points": 5, "cash_minor": None}, "cash_as_a_whole"),
        ("reward", {"cash_points": 0, "cash_minor": 5}, "cash_as_a_whole"),
        ("reward_order", {"paid_at": NOW}, "paid_as_a_whole"),
        ("reward_order", {"paid_minor": 5, "paid_at": NOW, "paid_by": None}, "paid_as_a_whole"),
        (
            "reward_order",
            {"state": OrderState.APPROVED, "approved_at": NOW, "cash_minor": 5, "approved_by": None},
            "paid_before_it_goes",
        ),
        ("reward_order", {"cash_minor": -1}, "money_makes_sense"),
        ("reward_order", {"repaid_minor": 5}, "money_makes_sense"),
        ("order_line", {"position": 9, "unit_cash_minor": -1}, "money_makes_sense"),
        ("order_line", {"position": 9, "quantity": -1}, "quantity"),
        ("order_line", {"position": 9, "cancelled": -1}, "quantity"),
        ("order_line", {"position": 9, "cancelled": 1}, "cancelled_as_a_whole"),
        ("order_line", {"position": 9, "state": OrderState.CANCELLED}, "cancelled_as_a_whole"),
        ("order_line", {"position": 9, "unit_points": 0}, "points_above_zero"),
        ("order_line", {"position": 9, "returned": -1}, "returned_are_cancelled"),
        ("order_line", {"position": 9, "returned": 1, "delivered_on": DAY}, "returned_are_cancelled"),
        (
            "order_line",
            {"position": 9, "quantity": 2, "cancelled": 1, "returned": 1, "delivered_on": None},
            "returned_had_come",
        ),
        ("voucher_code", {"given_at": NOW, "line_id": None}, "given_as_a_whole"),
        ("voucher_code", {"line_id": None, "used_at": NOW, "used_for": "1"}, "used_as_a_whole"),
        ("voucher_code", {"line_id": None, "used_for": "1"}, "used_as_a_whole"),
        ("instant_reward", {"first_on": DAY, "last_on": DAY_BEFORE}, "begins_before_it_ends"),
        ("instant_reward", {"least": 0}, "figures_make_sense"),
        ("instant_reward", {"pieces": 0}, "figures_make_sense"),
        ("instant_reward", {"per_distributor": 0}, "figures_make_sense"),
        ("instant_reward", {"budget": 0}, "figures_make_sense"),
        ("instant_reward", {"stopped_at": NOW}, "stopped_as_a_whole"),
        ("draw", {"prizes": 0}, "prizes"),
        ("draw", {"drawn_at": NOW}, "drawn_as_a_whole"),
        ("draw_ticket", {"number": 0}, "numbers"),
    ],
)
def test_rows_agree_with_themselves(house: World, table: str, values: dict[str, Any], why: str) -> None:
    assert house.refused(table, **{**own(table), **values}) == f"ck_{table}_{why}"


def test_a_code_is_there_once_and_a_ticket_has_a_number_of_its_own(house: World) -> None:
    house.insert("voucher_code", line_id=None, code_hash=b"1")
    assert house.refused("voucher_code", line_id=None, code_hash=b"1") == "uq_voucher_code_reward_id_code_hash"
    house.insert("draw_ticket", number=1)
    assert house.refused("draw_ticket", number=1) == "uq_draw_ticket_draw_id_number"


def test_a_page_orders_once(house: World) -> None:
    house.insert("reward_order", **{**own("reward_order"), "key": "once"})
    again = house.refused("reward_order", **{**own("reward_order"), "key": "once"})
    assert again == "uq_reward_order_distributor_id_key"
