"""What lines of an order are worth: they add up, whatever is cancelled and whenever the rest comes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.measures.exact import Ints
from app.domain.rewards.reward_orders import steps_of, worths
from app.domain.states import OrderState, RewardKind

GOODS, VOUCHER, DRAW, GIFT = RewardKind.GOODS, RewardKind.VOUCHER, RewardKind.DRAW, RewardKind.DONATION
WAITS, AGREED, AT_SUPPLIER, SENT_OUT, THERE, OFF = OrderState


@pytest.mark.parametrize(
    ("lines", "steps"),
    [
        ([(GOODS, WAITS)], [WAITS, AGREED, AT_SUPPLIER, SENT_OUT, THERE]),
        ([(VOUCHER, WAITS), (DRAW, WAITS)], [WAITS, AGREED, THERE]),
        ([(GIFT, AGREED)], [WAITS, AGREED, THERE]),
        ([(GIFT, AT_SUPPLIER)], [WAITS, AGREED, AT_SUPPLIER, THERE]),
        ([(VOUCHER, THERE), (GOODS, SENT_OUT)], [WAITS, AGREED, AT_SUPPLIER, SENT_OUT, THERE]),
        ([(VOUCHER, THERE), (GOODS, OFF)], [WAITS, AGREED, THERE]),
        ([(GOODS, OFF)], [WAITS, AGREED, THERE]),
    ],
)
def test_an_order_goes_through_the_steps_of_what_it_is_of(
    lines: list[tuple[RewardKind, OrderState]], steps: list[OrderState]
) -> None:
    assert steps_of(lines) == steps


LINES = st.lists(st.tuples(st.integers(1, 500), st.integers(1, 10**6), st.integers(0, 10**6)), min_size=1, max_size=6)
ORDERS = st.lists(st.tuples(st.integers(0, 10**9), LINES), min_size=1, max_size=5)


def _columns(orders: list[tuple[int, list[tuple[int, int, int]]]]) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    lines = [(at, *line) for at, (_, of) in enumerate(orders) for line in of]
    order, quantity, points, cancelled = (np.asarray(one, dtype=np.int64) for one in zip(*lines, strict=True))
    worth = np.asarray([one for one, _ in orders], dtype=np.int64)
    return worth, order, quantity, points, quantity - cancelled % (quantity + 1)


@given(ORDERS)
def test_lines_of_an_order_add_up_to_its_worth(orders: list[tuple[int, list[tuple[int, int, int]]]]) -> None:
    worth, order, quantity, points, left = _columns(orders)
    whole = worths(worth, order, quantity, points, quantity)
    assert [int(whole[order == at].sum()) for at in range(len(worth))] == worth.tolist()
    exact = [
        int(worth[of]) * some * each / int((quantity * points)[order == of].sum())
        for of, some, each in zip(order.tolist(), quantity.tolist(), points.tolist(), strict=True)
    ]
    assert all(abs(part - share) < 1 + share * 1e-12 for part, share in zip(whole.tolist(), exact, strict=True))
    came = worths(worth, order, quantity, points, left)
    assert all(0 <= some <= all_ for some, all_ in zip(came.tolist(), whole.tolist(), strict=True))
    assert all(came[left == quantity] == whole[left == quantity]), "a line does not change with what others lose"
    assert not came[left == 0].any()


def test_what_whole_division_leaves_goes_to_the_largest_remainder() -> None:
    three = np.ones(3, dtype=np.int64)
    assert worths(np.asarray([100]), np.zeros(3, dtype=np.int64), three, three, three).tolist() == [34, 33, 33]
