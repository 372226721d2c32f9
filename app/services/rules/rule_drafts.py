"""Rules before they are published: written by one person, published by them or, where the programme asks, by another.

A draft is the part of the programme file as it is to be. What is published goes the way of a programme file, so a
programme changed by pages exports as a file that loads to the same.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.db.first import First, first
from app.domain.program_file.definition import EarningRule, Matrix, ProgramFile
from app.domain.states import RuleDraftState, RuleDraftSubject
from app.domain.typed.codes import code_key
from app.models.programs import Program
from app.models.rule_drafts import RuleDraft
from app.models.rules import EarningRule as EarningRuleRow
from app.models.rules import EarningRuleVersion
from app.services import audit, two_people
from app.services.goods.catalogue import begin_change
from app.services.rulebooks import definition_of
from app.services.setup import program_files, programs, promotion_loading
from app.services.setup.program_files import ProgramFileInvalid
from app.services.two_people import OPEN

_LISTS = {RuleDraftSubject.RULE: "earning_rules", RuleDraftSubject.MATRIX: "matrices"}
_STACKS = ("stacks", "named_days")
ALL_STACKS = "*"
"""The code of a draft of stacks and named days: there is one of them in a programme."""


class DraftError(Exception):
    """Something cannot be done with a draft; nothing was changed."""


class DraftInvalid(DraftError):
    """A draft that no programme file could hold: each problem with its path within the draft."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        """Take the problems: path, and what is wrong there."""
        self.problems = problems
        super().__init__("; ".join(f"{path}: {text}" if path else text for path, text in problems))


class DraftClosed(DraftError):
    """It was published or dropped before."""


class DraftOutdated(DraftError):
    """The rule has a newer version than the one the draft was made of."""


class SamePerson(DraftError):
    """Whoever wrote a draft, or asked for it to be published, does not publish it in this programme."""


class AskedAlready(DraftError):
    """Another draft of the same rule is open."""

    def __init__(self, draft_id: int) -> None:
        """Say which."""
        super().__init__(f"draft {draft_id} is open")
        self.draft_id = draft_id


@dataclass(frozen=True)
class Standing:
    """A rule as it stands: its row, its newest version and how that reads."""

    rule_id: int
    version: int
    document: Mapping[str, Any]


def goes_around(session: Session, program: Program, file: ProgramFile) -> bool:
    """Tell whether a file would change what takes a second person: rules, stacks, tax, or that very setting."""
    if not two_people.second_person(program):
        return False
    held = program_files.read(programs.export(session, program.code))
    return any(
        getattr(held, part) != getattr(file, part)
        for part in ("earning_rules", "matrices", "stacks", "named_days", "tax")
    ) or (held.program.rules != file.program.rules)


def standing(session: Session, program_id: int, code: str) -> Standing | None:
    """Find a rule or a matrix by its code, with its newest version."""
    found = session.execute(
        select(EarningRuleRow.id, EarningRuleVersion.version, EarningRuleVersion.definition)
        .join(EarningRuleVersion, EarningRuleVersion.rule_id == EarningRuleRow.id)
        .where(EarningRuleRow.program_id == program_id, func.lower(EarningRuleRow.code) == code.strip().lower())
        .order_by(EarningRuleVersion.version.desc())
        .limit(1)
    ).one_or_none()
    return None if found is None else Standing(*found)


def open_drafts(session: Session, program_id: int, most: int = 500) -> First[RuleDraft]:
    """Give the first drafts that are neither published nor dropped, oldest first."""
    return first(session, _open_ones(program_id), most, lambda one: one)


def _open_ones(program_id: int) -> Select[RuleDraft]:
    return select(RuleDraft).where(RuleDraft.program_id == program_id, RuleDraft.state.in_(OPEN)).order_by(RuleDraft.id)


def open_draft_of(session: Session, program_id: int, code: str) -> RuleDraft | None:
    """Find the open draft of a rule: there is one at most."""
    return session.scalars(
        select(RuleDraft).where(RuleDraft.program_id == program_id, RuleDraft.code == code, RuleDraft.state.in_(OPEN))
    ).one_or_none()


def proposed(session: Session, program_id: int) -> Sequence[EarningRule | Matrix]:
    """Give the rules and matrices of all open drafts, as definitions."""
    return [
        definition_of(dict(draft.document))
        for draft in session.scalars(_open_ones(program_id))
        if draft.subject is not RuleDraftSubject.STACKS
    ]


def put(
    session: Session,
    program: Program,
    subject: RuleDraftSubject,
    document: Mapping[str, Any],
    *,
    draft_id: int | None = None,
    actor: str,
    now: dt.datetime,
) -> RuleDraft:
    """Write a draft, or change an open one: what somebody was asked to publish is a draft again. The caller commits.

    Raises:
        DraftInvalid: The programme could not have it, with what is wrong where.
        DraftClosed: It was published or dropped before.
        AskedAlready: Another draft of the rule is open.
    """
    code = ALL_STACKS if subject is RuleDraftSubject.STACKS else str(document.get("code", "")).strip()
    held = _held(session, program, draft_id) if draft_id is not None else None
    if held is not None and held.base_version and code_key(held.code) != code_key(code):
        raise DraftInvalid([("code", "a rule keeps its code")])
    read = judged(session, program, subject, document, was=held.code if held is not None else code)
    other = open_draft_of(session, program.id, code)
    if other is not None and other.id != draft_id:
        raise AskedAlready(other.id)
    if held is None:
        here = standing(session, program.id, code)
        held = RuleDraft(program_id=program.id, subject=subject, base_version=0 if here is None else here.version)
        session.add(held)
    held.code = code
    two_people.write(held, _part_of(read, subject, code), actor, now)
    session.flush()
    _note(session, program, held, "write", actor, now)
    return held


def judged(
    session: Session, program: Program, subject: RuleDraftSubject, document: Mapping[str, Any], *, was: str = ""
) -> ProgramFile:
    """Give the programme's file as it would be with a draft, and everything as it is besides.

    ``was`` is the code under which it stood so far.

    Raises:
        DraftInvalid: It could not be loaded, with what is wrong where.
    """
    whole = programs.export(session, program.code)
    prefix = _lay_in(whole, subject, document, was)
    try:
        read = program_files.read(whole)
        programs.expect_groups(session, program.id, read)
        programs.expect_budgets(session, program.id, read)
        promotion_loading.expect_days(session, program, read)
    except ProgramFileInvalid as error:
        raise DraftInvalid([_within(problem, prefix) for problem in error.problems]) from None
    return read


def ask(session: Session, program: Program, draft_id: int, *, actor: str, now: dt.datetime) -> None:
    """Ask for a draft to be published by somebody else. The caller commits.

    Raises:
        DraftClosed: It was published or dropped before.
    """
    held = _held(session, program, draft_id)
    two_people.ask(held, actor, now)
    session.flush()
    _note(session, program, held, "ask", actor, now)


def publish(session: Session, program: Program, draft_id: int, *, actor: str, now: dt.datetime) -> programs.Loaded:
    """Publish a draft: its rule has a new version, with its own dates. The caller commits.

    Raises:
        SamePerson: The programme asks for a second person, and this is the first.
        DraftOutdated: The rule has a newer version by now.
        DraftInvalid: What the programme has by now does not go together with it.
        DraftClosed: It was published or dropped before.
    """
    held = _held(session, program, draft_id)
    if not two_people.may_publish(session, program, held, actor):
        raise SamePerson
    here = standing(session, program.id, held.code)
    if held.subject is not RuleDraftSubject.STACKS and (0 if here is None else here.version) != held.base_version:
        raise DraftOutdated
    read = judged(session, program, held.subject, held.document, was=held.code)
    loaded = programs.load(session, read, actor=actor, now=now, deed=None)
    _decide(session, program, held, RuleDraftState.PUBLISHED, actor, now)
    return loaded


def send_back(session: Session, program: Program, draft_id: int, *, note: str, actor: str, now: dt.datetime) -> None:
    """Give a draft that waits back to whoever wrote it, with a word why. The caller commits.

    Raises:
        DraftClosed: It was published or dropped before.
    """
    held = _held(session, program, draft_id)
    two_people.send_back(held, note)
    session.flush()
    _note(session, program, held, "send_back", actor, now)


def drop(session: Session, program: Program, draft_id: int, *, actor: str, now: dt.datetime) -> None:
    """Drop a draft: nothing of it will be. The caller commits.

    Raises:
        DraftClosed: It was published or dropped before.
    """
    _decide(session, program, _held(session, program, draft_id), RuleDraftState.DROPPED, actor, now)


def first_day(program: Program, document: Mapping[str, Any]) -> dt.date:
    """Give the first day on which a rule may give: its own, and none before the programme's."""
    said = document.get("scope", {}).get("from")
    return max(program.starts_on, dt.date.fromisoformat(str(said))) if said else program.starts_on


def ending(document: Mapping[str, Any], last: dt.date, today: dt.date) -> dict[str, Any]:
    """Give a rule as it reads once it ends with a day: what was sold before today stays with the version before."""
    scope = {**document.get("scope", {}), "until": last.isoformat()}
    if "from" in scope and str(scope["from"]) > scope["until"]:
        scope["from"] = scope["until"]
    begins = today if last >= today else last + dt.timedelta(days=1)
    return {**document, "scope": scope, "valid_from": begins.isoformat()}


def _held(session: Session, program: Program, draft_id: int) -> RuleDraft:
    """Hold a draft and its programme: of two who publish, the second sees what the first did."""
    begin_change(session, program.id)
    found = session.scalars(
        select(RuleDraft)
        .where(RuleDraft.id == draft_id, RuleDraft.program_id == program.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise LookupError(draft_id)
    if found.state not in OPEN:
        raise DraftClosed
    return found


def _lay_in(whole: dict[str, Any], subject: RuleDraftSubject, document: Mapping[str, Any], was: str) -> str:
    """Put a draft into a programme's document in the place of what it changes. Gives the path of that place."""
    if subject is RuleDraftSubject.STACKS:
        for name in _STACKS:
            whole.pop(name, None)
        whole |= {name: document[name] for name in _STACKS if document.get(name)}
        return ""
    title = _LISTS[subject]
    rules = list(whole.get(title, []))
    at = next((at for at, one in enumerate(rules) if code_key(str(one["code"])) == code_key(was)), len(rules))
    rules[at : at + 1] = [dict(document)]
    whole[title] = rules
    return f"{title}[{at}]"


def _part_of(file: ProgramFile, subject: RuleDraftSubject, code: str) -> dict[str, Any]:
    """Take a draft out of a file that was read, in the one form in which what says the same is the same."""
    if subject is RuleDraftSubject.STACKS:
        document = program_files.canonical(file)
        return {name: document[name] for name in _STACKS if name in document}
    rules: Sequence[EarningRule | Matrix] = file.earning_rules if subject is RuleDraftSubject.RULE else file.matrices
    found = next(rule for rule in rules if code_key(rule.code) == code_key(code))
    return found.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _within(problem: str, prefix: str) -> tuple[str, str]:
    """Part a problem of a file into its place within the draft, and what is wrong; elsewhere it has no place."""
    path, _, text = problem.partition(": ")
    if prefix and path.startswith(prefix):
        return path.removeprefix(prefix).lstrip("."), text
    return "", problem


def _decide(
    session: Session, program: Program, held: RuleDraft, state: RuleDraftState, actor: str, now: dt.datetime
) -> None:
    two_people.decide(held, state, actor, now)
    session.flush()
    _note(session, program, held, str(state), actor, now)


def _note(session: Session, program: Program, held: RuleDraft, what: str, actor: str, now: dt.datetime) -> None:
    after = {"draft": held.id, "document": dict(held.document)}
    audit.note(session, actor, f"rule_draft.{what}", held.code, now=now, program_id=program.id, after=after)
