"""What a programme says about turning points into money: who may ask, who approves, and which runs make themselves."""

from collections.abc import Collection, Iterator
from typing import Literal

from pydantic import Field, model_validator

from app.domain.program_file.parts import Code, NotNegative, Part, Positive
from app.domain.typed.codes import code_key


class Redemptions(Part):
    """How distributors turn points into money by themselves, from their own page."""

    offered: bool = Field(default=True, description="false: points become money by conversion runs alone")
    approval: Literal["always", "above", "never"] = Field(
        "always", description="who lets a redemption go: somebody of the programme, always or above a worth; or nobody"
    )
    approve_above: Positive | None = Field(
        None,
        description="with approval above: one waits that makes what an account redeems in a day worth more than this",
    )

    @model_validator(mode="after")
    def _says_how_much(self) -> "Redemptions":
        if (self.approval == "above") != (self.approve_above is not None):
            raise ValueError("approve_above is said where approval is above, and nowhere else")
        return self


class ScheduledRun(Part):
    """A conversion run that prepares itself every month, and stops at its preview until somebody approves it."""

    day: int = Field(ge=1, le=28, description="of the month, in the programme's time zone")
    takes: Literal["last_month", "until_last_month", "everything"] = Field(
        "last_month",
        description="points earned in the month before; all that are open still and were earned up to its end; or all "
        "that can be spent on the day",
    )
    groups: list[Code] = Field([], description="of distributors, with the groups below them; none: everybody")
    tiers: list[Code] = Field([], description="only those who are in one of them; none: everybody")
    minimum_points: NotNegative | None = Field(
        None, description="least of an account; where the programme wants more, that"
    )


def problems_of_schedule(run: ScheduledRun | None, groups: Collection[str], tiers: Collection[str]) -> Iterator[str]:
    """Find groups and tiers that the programme does not have. One without groups or tiers gets them from files."""
    if run is None:
        return
    for name, named, known in (("groups", run.groups, groups), ("tiers", run.tiers, tiers)):
        keys = {code_key(one) for one in known}
        for at, code in enumerate(named):
            if keys and code_key(code) not in keys:
                listed = ", ".join(sorted(known))
                yield f"prepaid.scheduled_run.{name}[{at}]: found {code!r}, expected one of {listed}"
