"""Import profiles of a programme: kept in its document, so that each change is a revision and can be exported."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.domain.program_file.import_profile import ImportProfile
from app.models.imports import ImportBatch
from app.models.programs import Program, ProgramRevision
from app.services import audit
from app.services.setup import program_files, programs


class NoSuchProfile(LookupError):
    """The programme has no import profile of this name."""


@dataclass(frozen=True)
class Kept:
    """A profile as it stands in its programme: which wording of it that is, and when it was last used."""

    name: str
    profile: ImportProfile
    version: int
    changed_at: dt.datetime
    changed_by: str
    used_at: dt.datetime | None

    @property
    def kind(self) -> str:
        """Give the kind of files that it reads."""
        return self.profile.kind or self.name


def profiles_of(program: Program) -> dict[str, ImportProfile]:
    """Give the profiles of a programme by name."""
    return {name: ImportProfile.model_validate(one) for name, one in sorted(program.import_profiles.items())}


def kept(session: Session, program: Program) -> list[Kept]:
    """List the profiles of a programme by name. Two queries."""
    last = (
        select(ImportBatch.profile_name, func.max(ImportBatch.created_at))
        .where(ImportBatch.program_id == program.id, ImportBatch.dry_run.is_(False))
        .group_by(ImportBatch.profile_name)
    )
    used = {name: at for name, at in session.execute(last)}  # noqa: C416  # a row is no pair to the type checker
    wordings: dict[str, tuple[int, Any, dt.datetime, str]] = {}
    for at, by, stood in session.execute(
        select(ProgramRevision.loaded_at, ProgramRevision.loaded_by, ProgramRevision.document["import_profiles"])
        .where(ProgramRevision.program_id == program.id)
        .order_by(ProgramRevision.number)
    ):
        for name, one in (stood or {}).items():
            version, was, *_ = wordings.get(name, (0, None, at, by))
            if one != was:
                wordings[name] = (version + 1, one, at, by)
    found = []
    for name, profile in profiles_of(program).items():
        version, _, at, by = wordings.get(name, (1, None, program.created_at, ""))
        found.append(Kept(name, profile, version, at, by, used.get(name)))
    return found


def put(session: Session, program: Program, name: str, profile: ImportProfile, *, actor: str, now: dt.datetime) -> bool:
    """Keep a profile in its programme's document; say whether that is new. The caller commits.

    Raises:
        ProgramFileInvalid: It cannot stand there; the message names what is wrong.
    """
    document = profile.model_dump(mode="json", by_alias=True, exclude_defaults=True)

    def with_it(profiles: Mapping[str, Any]) -> dict[str, Any]:
        return {**profiles, name: document}

    return _revise(session, program, "import_profile.put", name, with_it, actor, now)


def remove(session: Session, program: Program, name: str, *, actor: str, now: dt.datetime) -> None:
    """Take a profile out of its programme's document. What it read stays. The caller commits.

    Raises:
        NoSuchProfile: There is none.
    """
    if name not in program.import_profiles:
        raise NoSuchProfile(name)

    def without_it(profiles: Mapping[str, Any]) -> dict[str, Any]:
        return {key: one for key, one in profiles.items() if key != name}

    _revise(session, program, "import_profile.remove", name, without_it, actor, now)


def _revise(
    session: Session,
    program: Program,
    action: str,
    name: str,
    change: Callable[[Mapping[str, Any]], dict[str, Any]],
    actor: str,
    now: dt.datetime,
) -> bool:
    document = programs.document_to_change(session, program)
    was = document.get("import_profiles", {})
    profiles = change(was)
    if profiles == was:
        return False
    file = program_files.parse(program_files.to_yaml(document | {"import_profiles": profiles}))
    programs.load(session, file, actor=actor, now=now, deed=None)
    audit.note(
        session,
        actor,
        action,
        name,
        now=now,
        program_id=program.id,
        before=was.get(name),
        after=profiles.get(name),
    )
    return True
