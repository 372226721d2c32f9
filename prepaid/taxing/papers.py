"""Statements as papers: in words of a language, as PDF; those of a whole year as one archive, made by a worker."""

import datetime as dt
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.config import Settings
from app.db.first import First, first
from app.db.reading import reading
from app.db.transaction import Sessions
from app.domain.saying.wording import marked
from app.domain.states import JobState, TaxStatus
from app.domain.taxes.tax_packs import pack_text
from app.exports.files import Written
from app.exports.paper import Grid, Paper, Section, drawn
from app.files import replacing
from app.jobs import board
from app.jobs.board import Work
from app.models.jobs import Job
from app.models.programs import Program
from app.models.tax import TaxPapers
from app.services import audit
from app.services.telling.languages import Writing, writing
from app.services.telling.texts import known, translated
from prepaid.taxing.statements import AT_ONCE, Statement, recipient_ids, statements

MOST_SHOWN = 20
JOB = "tax.papers"
_FIRST_MOMENT = (1980, 1, 1, 0, 0, 0)  # an archive names no later one, so that the same papers are the same archive


_ = marked  # `translated` looks it up

_TITLE = _("Statement of rewards for %(year)s")
_SUBTITLE = _("%(program)s, by %(sponsor)s")
_PAGE = _("Page {page} of {pages}")
_FOOT = _("This statement shows what the programme computed. It is no tax advice and no tax form.")
_WHO, _CODE, _TAX_ID, _TAXED_AS, _FORMS = (
    _("Participant"),
    _("Code"),
    _("Tax id"),
    _("Taxed as"),
    _("Reported on"),
)
_REWARDS, _RULES = _("Rewards"), _("Rules that were applied")
_NOT_KNOWN, _NONE, _TOTAL = _("not known"), _("no form"), _("Total")
_DAY, _KIND, _VALUE = _("Day"), _("Kind"), _("Reward, %(currency)s")
_BACK, _GROSS, _TAX = _("Tax paid back"), _("Together"), _("Tax")
_REMITTED, _OWN = _("Paid by the sponsor"), _("Declared by you")
_EXPLAINED = _(
    "Tax paid back is an extra top-up by which the sponsor compensates the tax; it stands here once it is on your "
    "card. What the sponsor paid went to the tax office on your account; what is declared by you is for your own tax "
    "return."
)
_KINDS: Mapping[str, str] = {
    "goods": _("Goods"),
    "loaded": _("Money on a card"),
    "open": _("Money on a card, not loaded yet"),
}
_STATUSES: Mapping[TaxStatus, str] = {
    TaxStatus.PRIVATE_PERSON: _("Private person"),
    TaxStatus.SOLE_TRADER: _("Sole trader"),
    TaxStatus.COMPANY: _("Company"),
    TaxStatus.DISTRIBUTOR_EMPLOYEE: _("Employee of a distributor"),
    TaxStatus.OWN_EMPLOYEE: _("Employee of the sponsor"),
    TaxStatus.BUSINESS_FRIEND: _("Business friend"),
}


def paper(program: Program, one: Statement, language: str) -> Paper:
    """Write a statement in a language."""
    language = known(language)

    def say(source: str, **values: object) -> str:
        text = translated(source, language)
        return text % values if values else text

    taxed_as = ", ".join(say(_STATUSES[status]) for status in one.participants)
    facts = [
        (say(_WHO), one.name),
        (say(_CODE), one.code),
        (say(_TAX_ID), one.tax_id or say(_NOT_KNOWN)),
        (say(_TAXED_AS), taxed_as or say(_NOT_KNOWN)),
        (say(_FORMS), ", ".join(one.forms) or say(_NONE)),
    ]
    return Paper(
        title=say(_TITLE, year=one.year),
        subtitle=say(_SUBTITLE, program=program.name, sponsor=program.sponsor),
        sections=[
            Section("", facts=facts),
            Section(say(_REWARDS), [say(_EXPLAINED)], grid=_grid(program, one, writing(language), say)),
            Section(say(_RULES), [f"{rule}: {pack_text(legal, say)}" for rule, legal in one.rules]),
        ],
        foot=say(_FOOT),
        page=say(_PAGE),
    )


def _grid(program: Program, one: Statement, write: Writing, say: Callable[..., str]) -> Grid:
    names = ("value", "compensation", "gross", "levied", "remitted", "declared")

    def amounts(of: Callable[[str], int]) -> list[str]:
        return [write.figure(of(f"{name}_minor"), program.currency_decimals) for name in names]

    heads = (_VALUE, _BACK, _GROSS, _TAX, _REMITTED, _OWN)
    return Grid(
        heads=[say(_DAY), say(_KIND), *(say(head, currency=program.currency) for head in heads)],
        rows=[
            [write.day(line.on), say(_KINDS[line.state]), *amounts(lambda name, line=line: getattr(line, name))]  # type: ignore[misc]
            for line in one.lines
        ],
        widths=[11, 15, 12, 12, 12, 10, 12, 12],
        right=frozenset(range(2, 8)),
        total=[say(_TOTAL), "", *amounts(one.total)],
    )


def file_name(program: Program, one: Statement) -> str:
    """Name the paper of a participant: its code, as far as a file's name can have it."""
    return f"{program.code}-{one.year}-{re.sub(r'[^A-Za-z0-9_-]+', '_', one.code)[:60]}-{one.distributor_id}.pdf"


def ask(session: Session, program: Program, year: int, *, actor: str, now: dt.datetime) -> TaxPapers | None:
    """Have the papers of a year made for everybody. None where nobody had anything. The caller commits."""
    count = len(recipient_ids(session, program.id, year))
    if not count:
        return None
    made = TaxPapers(program_id=program.id, year=year, asked_by=actor, asked_at=now, statements=count, written=0)
    session.add(made)
    session.flush()
    board.put_up(session, JOB, f"{JOB}:{made.id}", {"papers": made.id}, lane=f"tax papers {program.id}")
    after = {"year": year, "statements": count}
    audit.note(session, actor, "tax.papers", str(made.id), now=now, program_id=program.id, after=after)
    return made


def of_program(session: Session, program_id: int, year: int) -> First[tuple[TaxPapers, str | None]]:
    """Give the archives of a year that were asked for, newest first, each with what stopped it, if anything did."""
    asked_for = (
        select(TaxPapers, Job.error)
        .outerjoin(Job, (Job.key == func.concat(f"{JOB}:", TaxPapers.id)) & (Job.state == JobState.FAILED))
        .where(TaxPapers.program_id == program_id, TaxPapers.year == year)
        .order_by(TaxPapers.id.desc())
    )
    return first(session, asked_for, MOST_SHOWN, lambda papers, error: (papers, error))


def do(work: Work, settings: Settings, clock: Callable[[], dt.datetime]) -> None:
    """Write the archive that a job is about; whoever takes it up again begins anew."""
    papers_id = int(work.payload["papers"])
    with work.transaction() as session:
        asked = session.get_one(TaxPapers, papers_id)
        program_id, year, done = asked.program_id, asked.year, asked.done_at is not None
    if not done:
        file = f"tax/{program_id}-{year}-{papers_id}.zip"

        def tell(count: int) -> None:
            with work.transaction() as telling:
                _set(telling, papers_id, {"written": count})

        written = write_archive(work.registry, settings.files / file, program_id, year, tell)
        with work.transaction() as session:
            _set(
                session,
                papers_id,
                {"file": file, "file_sha256": written.sha256, "done_at": clock(), "written": written.rows},
            )
            work.finish(session)
        return
    with work.transaction() as session:
        work.finish(session)


def write_archive(
    registry: Sessions, path: Path, program_id: int, year: int, tell: Callable[[int], None] | None = None
) -> Written:
    """Write the papers of everybody's year as an archive; ``tell`` is told from time to time how many there are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with reading(registry) as session:
        ids = recipient_ids(session, program_id, year)
    with replacing(path) as part:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            for start in range(0, len(ids), AT_ONCE):
                for name, content in _drawn(registry, program_id, year, ids[start : start + AT_ONCE]):
                    archive.writestr(zipfile.ZipInfo(name, _FIRST_MOMENT), content, zipfile.ZIP_DEFLATED)
                    count += 1
                if tell is not None:
                    tell(count)
        return Written.measured(part, path, rows=count)


def _drawn(registry: Sessions, program_id: int, year: int, ids: Sequence[int]) -> Iterator[tuple[str, bytes]]:
    """Give the papers of some participants, each with the name of its file."""
    with reading(registry) as session:
        program = session.get_one(Program, program_id)
        found = [
            (file_name(program, one), paper(program, one, program.locale))
            for one in statements(session, program, year, ids)
        ]
    for name, one in found:
        yield name, drawn(one)


def _set(session: Session, papers_id: int, values: Mapping[str, Any]) -> None:
    session.execute(
        update(TaxPapers)
        .where(TaxPapers.id == papers_id)
        .values(dict(values))
        .execution_options(synchronize_session=False)
    )
