"""Changes of a programme's tax rules: drafted, tried, and published by their writer or, where asked, by another person.

A change is laid into the tax part of the programme's document, which is loaded as a file is: there is one way in. A
version of a rule that was published never changes; a change of it is a version of its own, with its first day. What
ends gets a last day.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.first import First, first
from app.domain.measures.calendar import local_date
from app.domain.saying.wording import Said, marked
from app.domain.states import RuleDraftState, TaxChangeKind
from app.domain.taxes.tax_packs import pack, pack_behind, pack_countries
from app.domain.taxes.tax_rules import TaxRule
from app.models.programs import Program
from app.models.tax import TaxChange
from app.services import audit, two_people
from app.services.goods.catalogue import begin_change
from app.services.setup import program_files, programs
from app.services.setup.program_files import ProgramFileInvalid
from app.services.two_people import OPEN

_ = marked
PACK = ""
"""The code of a change of the pack: it is of no rule."""


class ChangeError(Exception):
    """Something cannot be done with a change; nothing was changed."""


class ChangeInvalid(ChangeError):
    """What the programme could not have; each problem with its place in the rule, which may be none."""

    def __init__(self, problems: Sequence[tuple[str, Said]]) -> None:
        """Take the problems: where, and what is wrong there."""
        self.problems = problems
        super().__init__("; ".join(f"{place}: {said}" if place else str(said) for place, said in problems))


class ChangeClosed(ChangeError):
    """It was published or dropped before."""


class AskedAlready(ChangeError):
    """Another change of the same is open."""

    def __init__(self, change_id: int) -> None:
        """Say which."""
        super().__init__(f"change {change_id} is open")
        self.change_id = change_id


class SamePerson(ChangeError):
    """Whoever wrote a change, or asked for it, does not publish it in this programme."""


def put(
    session: Session,
    program: Program,
    kind: TaxChangeKind,
    code: str,
    document: Mapping[str, Any],
    *,
    change_id: int | None = None,
    actor: str,
    now: dt.datetime,
) -> TaxChange:
    """Write a change, or write an open one anew; what somebody was asked to publish is a draft again.

    The caller commits.

    Raises:
        ChangeInvalid: The programme could not have it.
        ChangeClosed: It was published or dropped before.
        AskedAlready: Another change of the same is open.
    """
    begin_change(session, program.id)
    held = _held(session, program, change_id) if change_id is not None else None
    other = session.scalars(
        select(TaxChange.id).where(
            TaxChange.program_id == program.id,
            TaxChange.kind == kind,
            TaxChange.code == code,
            TaxChange.state.in_(OPEN),
        )
    ).one_or_none()
    if other is not None and other != change_id:
        raise AskedAlready(other)
    made = held or TaxChange(program_id=program.id, kind=kind)
    made.code = code
    two_people.write(made, document, actor, now)
    laid_in(session, program, made, now=now)
    session.add(made)
    session.flush()
    _note(session, program, made, "write", actor, now)
    return made


def laid_in(session: Session, program: Program, change: TaxChange, *, now: dt.datetime) -> dict[str, Any]:
    """Give the programme's document as it would be with a change.

    The country's pack, which a programme has that names nothing, is named with the first rule of its own.

    Raises:
        ChangeInvalid: It could not be loaded so.
    """
    document = programs.export(session, program.code)
    part = dict(document.get("tax", {}))
    rules = [dict(rule) for rule in part.get("rules", [])]
    prefix = ""
    if change.kind is TaxChangeKind.RULE:
        part["pack"] = pack_behind(part.get("pack"), has_own=bool(rules), country=program.country)
        _goes_on(rules, change)
        rules.append({"country": program.country, **change.document, "version": next_version(rules, change.code)})
        prefix = f"tax.rules[{len(rules) - 1}]"
    elif change.kind is TaxChangeKind.ENDS:
        _end(rules, part, change, local_date(now, program.time_zone))
    elif change.kind is TaxChangeKind.PACK:
        part["pack"] = change.document["pack"]
    else:
        part["confirmed"] = [*_others_confirmed(part, change), {"rule": change.code, **change.document}]
    document["tax"] = {name: value for name, value in (part | {"rules": rules}).items() if value}
    try:
        program_files.read(document)
    except ProgramFileInvalid as wrong:
        raise ChangeInvalid([_within(problem, prefix) for problem in wrong.problems]) from None
    return document


def next_version(rules: Sequence[Mapping[str, Any]], code: str) -> int:
    """Say which version of a rule comes next: a pack's rule of that name has the versions before."""
    before = [int(rule["version"]) for rule in rules if rule.get("code") == code]
    return max([*before, *(rule.version for rule in _packed(code))], default=0) + 1


def _packed(code: str) -> list[TaxRule]:
    return [rule for country in pack_countries() for rule in pack(country) if rule.code == code]


def _goes_on(rules: Sequence[Mapping[str, Any]], change: TaxChange) -> None:
    """Make sure that a version begins with or after those before it: else theirs would hold for ever."""
    own = [rule.get("valid_from") for rule in rules if rule.get("code") == change.code]
    days = [str(day) for day in (*own, *(rule.valid_from for rule in _packed(change.code))) if day is not None]
    if days and str(change.document.get("valid_from") or "") < max(days):
        words = _("the version before it holds from %(day)s; this one cannot begin earlier")
        raise ChangeInvalid([("valid_from", Said(words, {"day": max(days)}))])


def _end(rules: list[dict[str, Any]], part: dict[str, Any], change: TaxChange, today: dt.date) -> None:
    """Give every version of a rule that goes on after a day that day as its last.

    A version that begins later goes, with the adviser's word on it: nothing was computed under it yet.
    """
    last = str(change.document["last"])
    mine = [rule for rule in rules if rule.get("code") == change.code]
    if not mine:
        raise ChangeInvalid([("", Said(_("the programme has no rule %(rule)s of its own"), {"rule": change.code}))])
    for rule in mine:
        begins = str(rule.get("valid_from") or "")
        if last < begins <= today.isoformat():
            words = _("%(rule)s holds since %(day)s; it cannot end before that")
            raise ChangeInvalid([("", Said(words, {"rule": f"{change.code} v{rule['version']}", "day": begins}))])
        if begins > last:
            rules.remove(rule)
            named = (change.code, rule["version"])
            part["confirmed"] = [one for one in part.get("confirmed", []) if (one["rule"], one["version"]) != named]
        elif rule.get("valid_to") is None or str(rule["valid_to"]) > last:
            rule["valid_to"] = last


def _others_confirmed(part: Mapping[str, Any], change: TaxChange) -> list[Any]:
    named = (change.code, change.document["version"])
    return [one for one in part.get("confirmed", []) if (one["rule"], one["version"]) != named]


def ask(session: Session, program: Program, change_id: int, *, actor: str, now: dt.datetime) -> None:
    """Ask for a change to be published by somebody else. The caller commits.

    Raises:
        ChangeClosed: It was published or dropped before.
    """
    held = _held(session, program, change_id)
    two_people.ask(held, actor, now)
    _note(session, program, held, "ask", actor, now)


def publish(session: Session, program: Program, change_id: int, *, actor: str, now: dt.datetime) -> None:
    """Publish a change: the programme has it from its day on. What was computed before stays. The caller commits.

    Raises:
        SamePerson: The programme asks for a second person, and this is the first.
        ChangeInvalid: What the programme has by now does not go together with it.
        ChangeClosed: It was published or dropped before.
    """
    held = _held(session, program, change_id)
    if not two_people.may_publish(session, program, held, actor):
        raise SamePerson
    document = laid_in(session, program, held, now=now)
    programs.load(session, program_files.read(document), actor=actor, now=now, deed=None)
    _decide(session, program, held, RuleDraftState.PUBLISHED, actor, now)


def send_back(session: Session, program: Program, change_id: int, *, note: str, actor: str, now: dt.datetime) -> None:
    """Give a change that waits back to whoever wrote it, with a word why. The caller commits.

    Raises:
        ChangeClosed: It was published or dropped before.
    """
    held = _held(session, program, change_id)
    two_people.send_back(held, note)
    _note(session, program, held, "send_back", actor, now)


def drop(session: Session, program: Program, change_id: int, *, actor: str, now: dt.datetime) -> None:
    """Drop a change: nothing of it will be. The caller commits.

    Raises:
        ChangeClosed: It was published or dropped before.
    """
    _decide(session, program, _held(session, program, change_id), RuleDraftState.DROPPED, actor, now)


def open_changes(session: Session, program_id: int, most: int = 100) -> First[TaxChange]:
    """Give the changes that are neither published nor dropped, oldest first."""
    query = select(TaxChange).where(TaxChange.program_id == program_id, TaxChange.state.in_(OPEN))
    return first(session, query.order_by(TaxChange.id), most, lambda one: one)


def closed_changes(session: Session, program_id: int, most: int = 20) -> First[TaxChange]:
    """Give the changes that were published, newest first."""
    query = select(TaxChange).where(TaxChange.program_id == program_id, TaxChange.state == RuleDraftState.PUBLISHED)
    return first(session, query.order_by(TaxChange.id.desc()), most, lambda one: one)


def as_written(rule: TaxRule) -> dict[str, Any]:
    """Give a rule as a document that reads back as it, without what the programme says itself."""
    said = rule.model_dump(mode="json", exclude_defaults=True)
    return {name: value for name, value in said.items() if name != "version"}


def read(program: Program, document: Mapping[str, Any], version: int = 1) -> TaxRule:
    """Read the document of a rule as the programme would.

    Raises:
        ChangeInvalid: It is no rule.
    """
    defaults = {
        "country": program.country,
        "currency": program.currency,
        "decimals": program.currency_decimals,
        "version": version,
    }
    try:
        return TaxRule.model_validate(defaults | dict(document))
    except ValidationError as wrong:
        raise ChangeInvalid([_within(one, "") for one in program_files.invalid(wrong).problems]) from None


def _within(problem: str, prefix: str) -> tuple[str, Said]:
    """Part a problem of a programme file, told in English, into its place within the rule and what is wrong."""
    place, _colon, text = problem.partition(": ")
    place = place.removeprefix(prefix).lstrip(".")
    return "" if place == "document" else place, Said(text)


def _held(session: Session, program: Program, change_id: int) -> TaxChange:
    begin_change(session, program.id)
    found = session.scalars(
        select(TaxChange)
        .where(TaxChange.id == change_id, TaxChange.program_id == program.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise LookupError(change_id)
    if found.state not in OPEN:
        raise ChangeClosed
    return found


def _decide(
    session: Session, program: Program, held: TaxChange, state: RuleDraftState, actor: str, now: dt.datetime
) -> None:
    two_people.decide(held, state, actor, now)
    _note(session, program, held, str(state), actor, now)


def _note(session: Session, program: Program, held: TaxChange, what: str, actor: str, now: dt.datetime) -> None:
    session.flush()
    after = {"change": held.id, "kind": held.kind, "document": dict(held.document)}
    audit.note(session, actor, f"tax_change.{what}", held.code or "pack", now=now, program_id=program.id, after=after)
