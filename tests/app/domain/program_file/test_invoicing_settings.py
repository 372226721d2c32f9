"""What is charged for loads of which days, where an end may be open however it is written."""

import datetime as dt

import pytest

from app.domain.program_file.invoicing_settings import DatedCharge, Invoicing

NEW_YEAR, LAST = dt.date(2026, 1, 1), dt.date.max


@pytest.mark.parametrize("until", [None, LAST])
def test_a_charge_may_last_until_the_last_day_there_is(until: dt.date | None) -> None:
    dated = DatedCharge(valid_from=NEW_YEAR, valid_until=until, fee=10)
    terms = Invoicing(fee=20, fees=[dated])
    before, after = NEW_YEAR - dt.timedelta(days=1), NEW_YEAR + dt.timedelta(days=30)
    found = [(one.from_on, one.to_on, one.charge.fee) for one in terms.within(before, after)]
    assert found == [(before, before, 20), (NEW_YEAR, after, 10)]
    assert [one.charge.fee for one in terms.within(NEW_YEAR, NEW_YEAR)] == [10]


def test_a_charge_ends_after_its_last_day() -> None:
    first, last = NEW_YEAR, NEW_YEAR + dt.timedelta(days=9)
    terms = Invoicing(fee=20, fees=[DatedCharge(valid_from=first, valid_until=last, fee=10)])
    assert [one.to_on for one in terms.within(first, last)] == [last]
    found = [(one.from_on, one.to_on, one.charge.fee) for one in terms.within(last, last + dt.timedelta(days=1))]
    assert found == [(last, last, 10), (last + dt.timedelta(days=1), last + dt.timedelta(days=1), 20)]
