"""What a programme says of redemptions and schedules: what contradicts itself is refused, and says where."""

from typing import Any

import pytest
from pydantic import ValidationError

from app.domain.program_file.redemption_settings import Redemptions, ScheduledRun, problems_of_schedule


@pytest.mark.parametrize(
    "said",
    [
        {"approval": "above"},
        {"approval": "never", "approve_above": "10"},
        {"approval": "sometimes"},
        {"approval": "above", "approve_above": "0"},
    ],
)
def test_who_approves_is_said_in_one_way(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Redemptions.model_validate(said)


@pytest.mark.parametrize("day", [0, 29, "first"])
def test_a_schedule_is_of_a_day_that_every_month_has(day: object) -> None:
    with pytest.raises(ValidationError):
        ScheduledRun.model_validate({"day": day})


def test_groups_and_tiers_of_a_schedule_are_those_of_the_programme() -> None:
    run = ScheduledRun(day=1, groups=["SHOPS", "cars"], tiers=["gold"])
    assert list(problems_of_schedule(run, ["shops", "garages"], [])) == [
        "prepaid.scheduled_run.groups[1]: found 'cars', expected one of garages, shops"
    ]
    assert list(problems_of_schedule(run, [], ["silver"])) == [
        "prepaid.scheduled_run.tiers[0]: found 'gold', expected one of silver"
    ]
    assert list(problems_of_schedule(None, ["shops"], ["silver"])) == []
