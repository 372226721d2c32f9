"""What goods were worth to whoever got them: the part that was paid in money was never given."""

import datetime as dt

import pytest

from app.domain.states import RewardKind, TaxStatus
from app.domain.taxes.tax_rules import ValueOf
from prepaid.taxing.goods_tax import value_of
from prepaid.taxing.owed import Goods


def goods(cost_minor: int | None, paid_minor: int) -> Goods:
    return Goods(
        line_id=1,
        account_id=1,
        recipient_id=1,
        tax_status=TaxStatus.PRIVATE_PERSON,
        reservation_id=1,
        delivered_on=dt.date(2026, 3, 1),
        kind=RewardKind.GOODS,
        name="bike",
        points=100,
        worth_minor=40_000,
        cost_minor=cost_minor,
        tax_bp=2_300,
        paid_minor=paid_minor,
    )


@pytest.mark.parametrize(
    ("figure", "cost", "paid", "expected"),
    [
        (ValueOf.FACE, 100_000, 60_000, 40_000),  # what the points were worth
        (ValueOf.COST, 100_000, 0, 100_000),
        (ValueOf.COST, 100_000, 60_000, 40_000),
        (ValueOf.COST_INCL_VAT, 100_000, 60_000, 63_000),
        (ValueOf.COST_INCL_VAT, 100_000, 123_000, 0),
        (ValueOf.COST_INCL_VAT, 100_000, 200_000, 0),  # dearer than it cost: nothing was given, and nothing is owed
        (ValueOf.COST, None, 60_000, None),
    ],
)
def test_what_was_paid_in_money_is_taken_off_what_it_cost(
    figure: ValueOf, cost: int | None, paid: int, expected: int | None
) -> None:
    assert value_of(goods(cost, paid), figure) == expected
