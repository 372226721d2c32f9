"""Runs of compensations: the tax on all loads and goods of a period is paid back, each once.

A run is frozen at its preview: every top-up is written down, and a redemption that has one waits for nobody else. Then
it goes the way of every run: a second person approves it, its order file is written, sent, and settled by the
provider's answers. Whatever stops that, it goes on from there. The caller commits.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from app.db.bulk import Nullable, copy_into
from app.domain.measures.calendar import local_date
from app.domain.measures.exact import Ints
from app.domain.program_file.prepaid_settings import PrepaidPart
from app.domain.saying.wording import marked
from app.domain.states import RunKind, RunStatus, TopUpKind, TopUpStatus, Unit
from app.domain.typed.card_numbers import holds_issued_number
from app.models.prepaid import ConversionRun, TopUp
from app.models.programs import Program
from prepaid.cards.card_limits import Holder, Room, rooms
from prepaid.cards.cards import random_letters
from prepaid.conversions.refusals import of_receiver, over_maximum
from prepaid.conversions.runs import note
from prepaid.conversions.selection import hidden
from prepaid.errors import PrepaidError
from prepaid.references import reference
from prepaid.taxing import goods_tax, owed
from prepaid.taxing.goods_tax import JudgedGoods
from prepaid.taxing.owed import Goods, Owed, Receiver
from prepaid.taxing.tax import ProgramTax, Refused
from prepaid.terms import Terms, terms_of
from prepaid.turns import take_turn

_ = marked


def preview(
    session: Session, program: Program, *, from_on: dt.date, to_on: dt.date, actor: str, now: dt.datetime
) -> ConversionRun:
    """Freeze every compensation of a period that is not paid, and show what they come to.

    A load belongs to the day on which it arrived, goods to the day on which they were delivered. What cannot be
    compensated now is listed in ``exceptions``, each with a code and words; a later run takes it. Goods that owe no
    compensation are written down as judged. The caller commits.

    Raises:
        PrepaidError: The period, or the programme's prepaid or tax part, cannot be used.
    """
    if from_on > to_on:
        words = _("The period ends on %(to)s, before it begins on %(from)s.")
        raise PrepaidError(words, **{"to": str(to_on), "from": str(from_on)})
    take_turn(session, program.id)  # two runs at once would take the same rewards
    today = local_date(now, program.time_zone)
    terms, tax = terms_of(program, Unit.POINTS), ProgramTax.of(program, today)
    takes_goods = PrepaidPart.model_validate(program.prepaid).compensation.goods
    found = owed.owed(session, program, from_on, to_on)
    lines = owed.goods(session, program, from_on, to_on) if takes_goods else []
    chosen = _Choice(session, program, terms, today).choose(found, lines, tax)
    run = ConversionRun(
        program_id=program.id,
        kind=RunKind.COMPENSATIONS,
        key=random_letters(1, 12)[0],
        unit=Unit.POINTS,
        from_on=from_on,
        to_on=to_on,
        status=RunStatus.PREVIEW if chosen.count else RunStatus.EMPTY,
        provider=terms.provider,
        terms=terms.as_json() | tax.kept() | {"loads": len(chosen.loads), "goods": len(chosen.goods)},
        accounts=chosen.receivers,
        points=0,
        amount_minor=0,
        compensation_minor=chosen.amount_minor,
        withheld_minor=0,
        currency=program.currency,
        exceptions=chosen.exceptions,
        previewed_by=actor,
        previewed_at=now,
        closed_at=None if chosen.count else now,
    )
    session.add(run)
    session.flush()
    _write(session, run, found, chosen, now)
    note(session, run, actor, "compensation.preview", now)
    return run


@dataclass(frozen=True)
class _Chosen:
    """What a run takes: positions of redemptions, goods that owe something, goods that owe nothing; and the rest.

    ``cards`` are those of the loads, then those of the goods; 0 where one is issued when it is ordered.
    """

    loads: Ints
    goods: Sequence[JudgedGoods]
    without: Sequence[JudgedGoods]
    cards: Ints
    receivers: int
    amount_minor: int
    exceptions: list[dict[str, Any]]

    @property
    def count(self) -> int:
        """Count the top-ups."""
        return len(self.loads) + len(self.goods)


class _Choice:
    """Says of each compensation whether it can be loaded now."""

    def __init__(self, session: Session, program: Program, terms: Terms, today: dt.date) -> None:
        self._session, self._program, self._terms, self._today = session, program, terms, today
        self._known: dict[int, Receiver] = {}
        self._refused: dict[int, Refused | None] = {}
        self._rooms: dict[int, Room] = {}
        self.exceptions: list[dict[str, Any]] = []

    def choose(self, found: Owed, lines: Sequence[Goods], tax: ProgramTax) -> _Chosen:
        """Part everything into what is loaded, what owes nothing, and the exceptions."""
        self._look_up(np.append(found.recipient_id, [one.recipient_id for one in lines]))
        both = zip(found.recipient_id.tolist(), found.compensation_minor.tolist(), strict=True)
        loads = [at for at, (who, amount) in enumerate(both) if self._fits(who, amount)]
        judged = goods_tax.judge(self._session, tax, lines, is_taken=self._is_taken)
        goods = [one for one in judged if one.compensation_minor]
        who = [*found.recipient_id[loads].tolist(), *(one.line.recipient_id for one in goods)]
        at = np.asarray(loads, dtype=np.int64)
        return _Chosen(
            loads=at,
            goods=goods,
            without=[one for one in judged if not one.compensation_minor],
            cards=np.asarray([self._known[one].card_id or 0 for one in who], dtype=np.int64),
            receivers=len(set(who)),
            amount_minor=sum(found.compensation_minor[at].tolist()) + sum(one.compensation_minor for one in goods),
            exceptions=self.exceptions,
        )

    def _look_up(self, ids: Ints) -> None:
        """Read who receives something, and how much still fits on their cards, once for everybody."""
        self._known = owed.receivers(self._session, ids, self._terms.provider)
        self._refused = {one.id: self._of_receiver(one) for one in self._known.values()}
        holders = [Holder(one.id, one.identity, one.balance_minor) for one in self._known.values()]
        left = zip(self._known, rooms(self._session, self._program, holders, self._today), strict=True)
        self._rooms = {who: room for who, room in left if room is not None}

    def _is_taken(self, one: JudgedGoods) -> bool:
        """Say whether goods are written down now: their tax is known, and what it comes to can be loaded."""
        if isinstance(one.levied, Refused):
            self._leave_out(one.line.recipient_id, one.levied, 0)
            return False
        return not one.compensation_minor or self._fits(one.line.recipient_id, one.compensation_minor)

    def _fits(self, who: int, amount: int) -> bool:
        """Say whether somebody can be loaded with an amount, and take it off what still fits on the card."""
        refused = self._refused[who] or over_maximum(self._terms, self._program, amount, "The compensation is")
        room = self._rooms.get(who)
        if refused is None and room is not None:
            if amount > room.minor:
                refused = Refused(room.code, room.message)
            else:
                self._rooms[who] = replace(room, minor=room.minor - amount)
        if refused is not None:
            self._leave_out(who, refused, amount)
        return refused is None

    def _of_receiver(self, one: Receiver) -> Refused | None:
        return of_receiver(
            self._terms,
            code=one.code,
            name=one.name,
            blocked=one.blocked,
            card_state=one.card_state,
        )

    def _leave_out(self, who: int, why: Refused, amount: int) -> None:
        one = self._known[who]
        self.exceptions.append(
            {
                "distributor": hidden(one.code, holds_issued_number),
                "name": hidden(one.name),
                "code": why.code,
                "message": why.message,
                "points": 0,
                "amount_minor": amount,
            }
        )


def _write(session: Session, run: ConversionRun, found: Owed, chosen: _Chosen, now: dt.datetime) -> None:
    """Write down what the run judged of goods, and every top-up, in the order of the preview."""
    ids = goods_tax.freeze(session, run, [*chosen.goods, *chosen.without], now=now)
    count, instant = chosen.count, np.datetime64(now.astimezone(dt.UTC).replace(tzinfo=None), "us")
    amounts = [one.compensation_minor for one in chosen.goods]
    attempts = np.append(found.attempts[chosen.loads], np.zeros(len(chosen.goods), dtype=np.int64)) + 1
    copy_into(
        session,
        TopUp,
        {
            "redemption_id": np.append(found.redemption_id[chosen.loads], ids[: len(chosen.goods)]),
            "run_id": np.full(count, run.id),
            "kind": [TopUpKind.COMPENSATION.value] * count,
            "attempt": attempts,
            "card_id": Nullable(chosen.cards, chosen.cards != 0),
            "amount_minor": np.append(found.compensation_minor[chosen.loads], np.asarray(amounts, dtype=np.int64)),
            "status": [TopUpStatus.RESERVED.value] * count,
            "reference": [
                reference(run.key, number, TopUpKind.COMPENSATION, attempt)
                for number, attempt in enumerate(attempts.tolist(), start=1)
            ],
            "created_at": np.full(count, instant),
        },
    )
