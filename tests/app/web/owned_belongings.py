"""Transfers, pools and merges for both programmes of a world."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.states import Unit
from app.models.distributors import Distributor
from app.models.merges import DistributorMerge
from app.models.pools import Pool
from app.models.programs import Program
from app.models.transfers import PointsTransfer
from tests.app.web.world import World


def put_owned(session: Session, world: World, programs: dict[str, tuple[Program, str]]) -> dict[str, dict[str, int]]:
    """Let one of each wait in every programme. Gives ids by kind and by whose they are.

    ``programs`` has each programme with a word for those who run it.
    """
    found: dict[str, dict[str, int]] = {"transfer": {}, "pool": {}, "merge": {}}
    for whose, (program, word) in programs.items():
        plain = select(Distributor.id).where(Distributor.program_id == program.id)
        first, second = session.scalars(plain.order_by(Distributor.id).limit(2))
        asked = {"program_id": program.id, "requested_by": f"{word}@{word}.example", "requested_at": world.clock()}
        waits = {"note": f"{word} note", "state": "waiting", **asked}
        transfer = PointsTransfer(
            giver_id=first, receiver_id=second, unit=Unit.POINTS, amount=1, key=f"key of {word}", **waits
        )
        pool = Pool(
            program_id=program.id,
            name=f"{word} pool",
            holder_id=first,
            spending="holder",
            opened_on=world.clock().date(),
            opened_by=f"{word}@{word}.example",
            opened_at=world.clock(),
        )
        merge = DistributorMerge(merged_id=second, survivor_id=first, choices={}, **waits)
        for kind, made in (("transfer", transfer), ("pool", pool), ("merge", merge)):
            session.add(made)
            session.flush()
            found[kind][whose] = made.id
    return found
