"""A desk at which points are given, shared and merged."""

import itertools
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from app.services.by_hand import merging
from app.services.owners import pools, transfers
from tests.support.desk import Desk, Opening
from tests.support.programs import NOW

_keys = itertools.count()
APPROVER = ("approver",)


class Owners:
    """What happens to whose points they are, at a desk; `ann` asks and `ben` decides."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.given = (desk.session, desk.program)

    def ask(self, giver: str, receiver: str, amount: int, **more: Any) -> int:
        said = {"key": f"{next(_keys)}", "note": "for the fair", "actor": "ann", "by_participant": False, "now": NOW}
        people = self.desk.people
        return transfers.request(*self.given, people[giver], people[receiver], amount, **said | more)

    def give(self, giver: str, receiver: str, amount: int, **more: Any) -> int:
        made = self.ask(giver, receiver, amount, **more)
        self.approve(made)
        return made

    def approve(self, transfer_id: int, **more: Any) -> None:
        said = {"actor": "ben", "roles": APPROVER, "now": NOW}
        transfers.approve(*self.given, transfer_id, **said | more)

    def pool(self, holder: str, *members: str, spending: str = "holder") -> int:
        made = pools.open_pool(
            *self.given, f"pool of {holder}", self.desk.people[holder], spending=spending, actor="ann", now=NOW
        )
        for one in members:
            self.join(made, one)
        return made

    def join(self, pool_id: int, who: str) -> int:
        return pools.join(*self.given, pool_id, self.desk.people[who], actor="ann", now=NOW)

    def leave(self, pool_id: int, who: str, *, takes_own: bool = True) -> int:
        return pools.leave(*self.given, pool_id, self.desk.people[who], takes_own=takes_own, actor="ann", now=NOW)

    def merge(self, merged: str, survivor: str, **choices: str) -> int:
        people = self.desk.people
        asked = merging.request(
            *self.given, people[merged], people[survivor], note="one firm", choices=choices, actor="ann", now=NOW
        )
        merging.approve(*self.given, asked, actor="ben", now=NOW)
        return asked

    def look(self, merged: str, survivor: str) -> merging.Look:
        return merging.look(*self.given, self.desk.people[merged], self.desk.people[survivor])


Meeting: TypeAlias = Callable[..., tuple[Desk, Owners]]


@pytest.fixture
def open_owners(open_desk: Opening) -> Meeting:
    """Opens desks whose participants may give points to one another; ``transfers`` changes how."""

    def opened(*, transfers: dict[str, Any] | None = None, **program: Any) -> tuple[Desk, Owners]:
        accounts = {"transfers": {"asked_by": "participants"} | (transfers or {})}
        desk = open_desk(program={"accounts": accounts} | program)
        return desk, Owners(desk)

    return opened
