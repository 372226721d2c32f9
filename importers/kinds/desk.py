"""What every kind's loader is given, and what it gives back."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy.orm import Session

from app.domain.measures.calendar import local_date
from app.domain.program_file.definition import ProgramSettings
from app.domain.program_file.import_profile import ImportProfile
from app.models.programs import Program
from app.services.access.keys import Keys
from app.services.placing.placements import Moving
from importers.kinds.rows import ThingRows
from importers.layout.tables.table import TextTable
from importers.problems.problems import Problems


@dataclass(frozen=True)
class Desk:
    """Where rows are loaded.

    Attributes:
        session: of the caller, who commits.
        program: whose rows they are.
        settings: the programme's.
        table: the file's rows, as they are written.
        profile: how the file writes numbers and dates.
        file: the fingerprint of the file: a row of it is known again by this and its number.
        address: where people reach the pages: links in messages begin with it.
        actor: who imports.
        now: the clock.
        keys: seal what nobody else may read.
    """

    session: Session
    program: Program
    settings: ProgramSettings
    table: TextTable
    profile: ImportProfile
    file: bytes
    address: str
    actor: str
    now: dt.datetime
    keys: Keys


def moving_of(desk: Desk) -> Moving:
    """Give the day from which on moves hold whose rows say none: today, where the programme is."""
    return Moving(local_date(desk.now, desk.program.time_zone), desk.now, desk.actor)


class Loaded(NamedTuple):
    """How many things are new, how many are changed; ``known`` are rows that were taken in by an earlier import.

    ``noticed`` stops nothing.
    """

    created: int
    changed: int
    known: int = 0
    noticed: Sequence[dict[str, Any]] = ()


Load: TypeAlias = Callable[[Desk, ThingRows, Problems], Loaded]
"""Takes rows in; those that cannot be become problems."""


@dataclass(frozen=True)
class Loader:
    """How a kind is read and loaded: the fields that each row fills, those that name the thing, and its function.

    ``secret`` names fields whose cells are kept sealed alone: not with the file, which is gone once it is loaded.
    """

    needed: Sequence[str]
    key: Sequence[str]
    load: Load
    secret: Sequence[str] = ()
