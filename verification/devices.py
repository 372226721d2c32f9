"""From which devices claims were sent: told by a hash, and only where somebody of the distributor itself sent it."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import TypeAlias

from sqlalchemy import BigInteger, DateTime, LargeBinary, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.db.prepared import Prepared
from app.domain.documents.sales import Texts
from app.models.claims import Claim

Senders: TypeAlias = Mapping[bytes, frozenset[int]]
"""The distributors that sent something from each of some devices."""

_SENDERS = Prepared(
    select(Claim.device_sha256, Claim.distributor_id)
    .where(
        Claim.program_id == bindparam("program", type_=BigInteger),
        Claim.device_sha256 == any_(bindparam("devices", type_=ARRAY(LargeBinary))),
        Claim.sent_at > bindparam("since", type_=DateTime(timezone=True)),
    )
    .distinct()
)


def ask(session: Session, program_id: int, device: Texts | None, days: int, now: dt.datetime) -> Callable[[], Senders]:
    """Ask who sent something from these devices within so many days, and give it when it is called for."""
    devices = sorted({one for one in (() if device is None else device.tolist()) if one is not None})
    if not devices:
        return dict
    answer = _SENDERS.ask(session, program=program_id, devices=devices, since=now - dt.timedelta(days=days))

    def senders() -> Senders:
        found: dict[bytes, set[int]] = {}
        for one, who in answer():
            found.setdefault(bytes(one), set()).add(who)
        return {one: frozenset(who) for one, who in found.items()}

    return senders
