"""What is decided about names that nobody knew, and the imports that take in what waited for it.

The caller commits, then wakes as many workers as imports were started.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.saying.wording import Told, marked
from app.domain.states import BatchStatus, NamedThing, UnknownState
from app.domain.typed.card_numbers import holds_card_number
from app.jobs import board
from app.models.aliases import UnknownName
from app.models.catalogue import Product
from app.models.distributors import Distributor
from app.models.imports import ImportBatch
from app.models.programs import Program
from app.services import audit
from app.services.goods import catalogue
from app.services.imported import aliases, unmatched
from app.services.imported.aliases import SAME_UNIT, Meaning
from app.services.participants import distributor_rows
from importers.batches import batches

_ = marked


class CannotMatch(Told):
    """The name cannot be decided so; what it says tells why."""


@dataclass(frozen=True)
class Match:
    """That a name in the queue means a thing of ours; without an id, what was proposed.

    ``everywhere``: whichever source uses the name.
    """

    unknown_id: int
    target_id: int | None = None
    unit_milli: int = SAME_UNIT
    everywhere: bool = False


@dataclass(frozen=True)
class Decided:
    """How many names were decided, and the imports that take in what waited for them."""

    names: int
    batches: Sequence[int]


def accept(session: Session, program: Program, matches: Sequence[Match], *, actor: str, now: dt.datetime) -> Decided:
    """Write aliases for names in the queue, and take in what waited for them.

    A name that is decided already is left as it is.

    Raises:
        CannotMatch: Nothing is proposed for one of them, or the programme has no such thing.
        AliasRefused: An alias cannot be kept.
    """
    wanted = {one.unknown_id: one for one in matches}
    names = unmatched.take(session, program.id, list(wanted))
    for name in names:
        match = wanted[name.id]
        target = match.target_id or name.product_id or name.distributor_id
        if target is None:
            raise CannotMatch(_("Nothing is proposed for %(name)s: choose what it means."), name=repr(name.written))
        _write(session, program, name, Meaning(target, match.unit_milli), match, actor=actor, now=now)
    return _go_on(session, names, UnknownState.MATCHED, actor=actor, now=now)


def ignore(
    session: Session, program: Program, unknown_ids: Sequence[int], *, reason: str, actor: str, now: dt.datetime
) -> Decided:
    """Say that names of the queue stand for what does not take part: documents that name it are refused, now and later.

    Raises:
        CannotMatch: No reason was given, or one that cannot be kept.
    """
    if not reason.strip():
        raise CannotMatch(_("It needs a reason."))
    if holds_card_number(reason):
        raise CannotMatch(_("The reason may hold the number of a payment card, which is never kept; remove it."))
    names = unmatched.take(session, program.id, unknown_ids)
    for name in names:
        _write(session, program, name, Meaning(None, reason=reason.strip()), Match(name.id), actor=actor, now=now)
    return _go_on(session, names, UnknownState.IGNORED, actor=actor, now=now)


def create(session: Session, program: Program, unknown_ids: Sequence[int], *, actor: str, now: dt.datetime) -> Decided:
    """Make new products and distributors of names in the queue: the name is their code.

    They are called what the file calls them.
    """
    names = unmatched.take(session, program.id, unknown_ids)
    of = {what: [one for one in names if one.what is what] for what in NamedThing}
    called = {one.written: one.called for one in names if one.called}
    catalogue.create_products(
        session, program.id, program.locale, [one.written for one in of[NamedThing.PRODUCT]], called
    )
    distributor_rows.create_distributors(
        session,
        program.id,
        program.locale,
        [one.written for one in of[NamedThing.DISTRIBUTOR]],
        called,
        {},
        enrolled_on=distributor_rows.new_since(session, program, now),
        may_owe=program.settings.get("returns", "negative") == "negative",
    )
    for one in names:
        audit.note(session, actor, f"{one.what}.create", one.written, now=now, program_id=program.id)
    return _go_on(session, names, UnknownState.MATCHED, actor=actor, now=now)


def _write(
    session: Session, program: Program, name: UnknownName, means: Meaning, match: Match, *, actor: str, now: dt.datetime
) -> None:
    """Write the alias of a name, unless the name has become a code of what it is to mean meanwhile."""
    profile_name = None if match.everywhere else name.profile_name
    of_products = name.what is NamedThing.PRODUCT
    if means.id is not None:
        thing = Product if of_products else Distributor
        found = session.execute(
            select(thing.code_key).where(thing.id == means.id, thing.program_id == program.id)
        ).scalar_one_or_none()
        if found is None:
            product = name.what is NamedThing.PRODUCT
            words = _("The programme %(program)s has no such product.")
            if not product:
                words = _("The programme %(program)s has no such distributor.")
            raise CannotMatch(words, program=program.code)
        if found == name.name_key:
            return
    if of_products:
        aliases.put_product_alias(
            session, program, name.written, means, profile_name=profile_name, actor=actor, now=now
        )
    else:
        aliases.put_distributor_alias(
            session, program, name.written, means, profile_name=profile_name, actor=actor, now=now
        )


def _go_on(
    session: Session,
    names: Sequence[UnknownName],
    state: UnknownState,
    *,
    actor: str,
    now: dt.datetime,
) -> Decided:
    waited = unmatched.close(session, names, state)
    return Decided(len(names), [_continue(session, one, actor=actor, now=now) for one in waited])


def _continue(session: Session, batch_id: int, *, actor: str, now: dt.datetime) -> int:
    """Start the import that takes in what an import held, one after the other: nothing is taken in twice."""
    held_by = session.get_one(ImportBatch, batch_id)
    batch = ImportBatch(
        program_id=held_by.program_id,
        kind=held_by.kind,
        profile_name=held_by.profile_name,
        profile=held_by.profile,
        dry_run=False,
        file_name=held_by.file_name,
        file_sha256=held_by.file_sha256,
        file_bytes=held_by.file_bytes,
        status=BatchStatus.QUEUED,
        counts={},
        continues_id=held_by.id,
        created_by=actor,
        created_at=now,
    )
    session.add(batch)
    session.flush()
    board.put_up(
        session,
        batches.READ,
        f"{batches.READ}:{batch.id}",
        {"batch": batch.id},
        lane=f"import:{held_by.id}:held",
        position=batch.id,
    )
    return batch.id
