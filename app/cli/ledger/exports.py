"""`kontor export`: finance's histories as files, made again the same, and plans that make them by themselves."""

import datetime as dt
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.cli.options import BY, DAY, LIMIT, PROGRAM, chosen_program
from app.cli.output import (
    FOUND_WRONG,
    NOT_FOUND,
    REFUSED,
    USAGE,
    Failure,
    figure,
    json_option,
    print_json,
    print_table,
    writing,
)
from app.cli.running.runtime import Runtime, operator, runtime
from app.db.transaction import transaction
from app.domain.states import ExportForm, ExportState, ExportSubject
from app.exports.histories.catalogue import HISTORIES
from app.exports.histories.describing import History
from app.models.exports import Export, ExportPlan
from app.models.programs import Program
from app.services.telling.languages import LANGUAGES


class _LastFour(click.ParamType[str]):
    """The last four digits of a card."""

    name = "digits"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read them."""
        if not re.fullmatch("[0-9]{4}", value):
            self.fail(f"{value!r} is not the last four digits of a card.", param, ctx)
        return value


_NUMBER = click.IntRange(1)
_NARROWING: tuple[tuple[str, str, str, click.ParamType[Any]], ...] = (
    ("distributors", "--distributor", "Code of a distributor.", click.STRING),
    ("cards", "--card", "Last four digits of a card.", _LastFour()),
    ("states", "--status", "Status.", click.STRING),
    ("kinds", "--kind", "Kind of the rows.", click.STRING),
    ("sources", "--source", "Code of a source of funding; - is the sponsor.", click.STRING),
    ("runs", "--run", "Number of a run.", _NUMBER),
    ("batches", "--batch", "Number of an order file.", _NUMBER),
)
_SAID_BY = {name: flag for name, flag, *_ in _NARROWING} | {"columns": "--columns", "language": "--language"}
_ABOUT = {
    ExportSubject.TOP_UPS: "A top-up belongs to the day on which it was loaded, failed or cancelled; one that is still "
    "open to the day on which it was written down.",
    ExportSubject.REDEMPTIONS: "A redemption belongs to the day of which its tax is.",
    ExportSubject.COMPENSATIONS: "Loads that pay tax back, by the day on which each was settled.",
    ExportSubject.LEDGER: "Every leg of every transaction, by the day on which it stands in the books.",
    ExportSubject.INVOICE: "What was loaded, withheld and charged, divided over the sponsor and other sources of "
    "funding.",
}

_CALLED = {
    ExportSubject.TOP_UPS: "top-ups",
    ExportSubject.REDEMPTIONS: "redemptions",
    ExportSubject.COMPENSATIONS: "compensations",
    ExportSubject.LEDGER: "the ledger",
    ExportSubject.INVOICE: "what is to be invoiced",
}
_ROWS = _CALLED | {ExportSubject.LEDGER: "legs of transactions", ExportSubject.INVOICE: "items to invoice"}


@click.group()
def export() -> None:
    """Files for finance: histories as xlsx, csv or PDF, each kept with its hash so that it can be made again."""


def _programs(session: Session, codes: Sequence[str], sponsor: str | None) -> list[Program]:
    """Find the programmes that are named, or all; of them those of the sponsor, where one is named."""
    named = [chosen_program(session, one) for one in dict.fromkeys(codes)]
    every = named or list(session.scalars(select(Program).order_by(Program.id)))
    if not every:
        raise Failure("There is no programme yet.", NOT_FOUND)
    found = [one for one in every if sponsor is None or one.sponsor == sponsor]
    if not found:
        sponsors = ", ".join(sorted({one.sponsor for one in every}))
        raise Failure(f"No programme is of the sponsor {sponsor!r}; there are: {sponsors}.", NOT_FOUND)
    return found


def _form_of(fmt: str | None, out: Path | None) -> str:
    """Tell which kind of file is wanted, as it was said or as its name ends."""
    if fmt is not None or out is None or not out.suffix:
        return fmt or ExportForm.XLSX.value
    ending = out.suffix.lower().lstrip(".")
    if ending not in set(ExportForm):
        forms = ", ".join(one.value for one in ExportForm)
        raise click.UsageError(f"--out {out}: nothing is written as {out.suffix}; end it as {forms}, or say --format.")
    return ending


def _export(
    run: Runtime, subject: ExportSubject, given: dict[str, Any], codes: Sequence[str], sponsor: str | None, by: str
) -> Export:
    """Ask for an export, and make it here and now."""
    from app.domain.export_wish import Wish
    from app.exports.histories import asking, words
    from app.exports.histories.making import Maker

    with transaction(run.registry) as session:
        programs = _programs(session, codes, sponsor)
        try:
            wish = Wish.model_validate({"subject": subject, "programs": [one.code for one in programs], **given})
        except ValidationError as wrong:
            said = [one["msg"].removeprefix("Value error, ") for one in wrong.errors()]
            raise Failure(said[0], REFUSED, said) from None
        whose = programs[0].id if len(programs) == 1 else None
        try:
            asked = asking.ask(session, wish, program_id=whose, actor=by, now=run.now(), by_worker=False)
        except asking.WishRefused as refused:
            message = str(refused).removeprefix(refused.place)
            raise Failure(f"{_SAID_BY.get(refused.place, refused.place)}{message}", REFUSED) from None
        number = asked.id
    Maker(run.registry, run.settings, run.now).make(number)
    with transaction(run.registry) as session:
        made = session.get_one(Export, number)
        session.expunge(made)
    if made.failure is not None:
        raise Failure(words.failure(made.failure, "en"), REFUSED)
    return made


def _document(made: Export, path: Path) -> dict[str, Any]:
    """Give an export as --json does."""
    currencies = {one["of"].get("currency") for one in made.sums}
    alone = len(currencies) < 2
    together: dict[str, int] = {}
    for one in made.sums:
        for name, amount in one["amounts"].items():
            together[name] = together.get(name, 0) + amount
    return {
        "export": made.id,
        "file": str(path),
        "format": made.form.value,
        "rows": made.rows,
        "bytes": made.bytes,
        "sha256": made.sha256.hex() if made.sha256 is not None else None,
        "currency": next(iter(currencies), None) if alone else None,
        **{f"{name}_minor": together.get(name, 0) if alone else None for name in ("amount", "loaded")},
        "totals": [one["of"] | {"rows": one["rows"]} | one["amounts"] for one in made.sums],
    }


def _command(subject: ExportSubject) -> None:
    name = subject.value.replace("_", "-")

    def command(
        from_on: dt.date,
        to_on: dt.date,
        codes: tuple[str, ...],
        sponsor: str | None,
        columns: tuple[str, ...],
        language: str,
        fmt: str | None,
        out: Path | None,
        by: str | None,
        as_json: bool,
        **narrowing: tuple[str, ...],
    ) -> None:
        from app.exports.histories import asking

        given = {
            "from_on": from_on,
            "to_on": to_on,
            "narrowing": {key: list(values) for key, values in narrowing.items()},
            "columns": [key for one in columns for key in one.split(",")],
            "language": language,
            "form": _form_of(fmt, out),
        }
        with runtime() as run:
            made = _export(run, subject, given, codes, sponsor, by or operator())
            path = asking.file_path(run.settings.files, made)
            if out is not None:
                with writing(out):
                    shutil.copyfile(path, out)
                path = out
        if as_json:
            print_json(_document(made, path))
            return
        click.echo(f"{figure(made.rows or 0)} {_ROWS[subject]} in {path}")
        click.echo(f"  Export {made.id}, SHA-256 {made.sha256.hex() if made.sha256 else ''}")
        for one in made.sums:
            words = "  ".join(str(value or "") for value in one["of"].values())
            click.echo(f"  {words:<40}{figure(one['rows']):>10}")

    command.__doc__ = f"Write the history of {_CALLED[subject]}, with totals.\n\n{_ABOUT[subject]}"
    for decorate in reversed(_options(HISTORIES[subject])):
        command = decorate(command)
    export.command(name)(command)


def _options(history: History) -> list[Any]:
    narrowing = [
        (name, flag, help_, click.Choice(list(history.choices[name])) if name in history.choices else kind)
        for name, flag, help_, kind in _NARROWING
        if name in history.filters
    ]
    return [
        click.option("--from", "from_on", type=DAY, required=True, help="First day, in the programme's time zone."),
        click.option("--to", "to_on", type=DAY, required=True, help="Last day."),
        click.option("--program", "codes", multiple=True, help="Only of this programme; by default of all."),
        click.option("--sponsor", help="Only of this sponsor's programmes."),
        *(
            click.option(flag, name, multiple=True, type=kind, help=f"{help_} May be said several times.")
            for name, flag, help_, kind in narrowing
        ),
        click.option(
            "--columns",
            multiple=True,
            metavar="KEY,…",
            help=f"Which columns, by default the usual ones, of {', '.join(one.key for one in history.fields)}.",
        ),
        click.option(
            "--language",
            type=click.Choice(list(LANGUAGES)),
            default="en",
            show_default=True,
            help="Of titles, words and numbers.",
        ),
        click.option(
            "--format",
            "fmt",
            type=click.Choice([one.value for one in ExportForm]),
            help="Kind of file; by default as --out ends, else xlsx.",
        ),
        click.option(
            "--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to write; by default below the home."
        ),
        BY,
        json_option,
    ]


for _subject in ExportSubject:
    _command(_subject)


@export.command("list")
@PROGRAM
@LIMIT
@json_option
def list_(program_code: str | None, limit: int, as_json: bool) -> None:
    """List the newest exports, with what each held and its hash."""
    with runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code) if program_code else None
        query = select(Export).order_by(Export.id.desc()).limit(limit)
        found = list(session.scalars(query if program is None else query.where(Export.program_id == program.id)))
        listed: list[dict[str, Any]] = [
            {
                "export": one.id,
                "subject": one.subject.value,
                "format": one.form.value,
                "state": one.state.value,
                "rows": one.rows,
                "sha256": one.sha256.hex() if one.sha256 is not None else None,
                "asked_by": one.asked_by,
                "asked_at": one.asked_at.isoformat(),
                "asked": one.wish,
                "again_same": one.again_same,
            }
            for one in found
        ]
    if as_json:
        print_json({"exports": listed})
        return
    cells = [
        [str(one["export"]), one["subject"], one["format"], one["state"], figure(one["rows"] or 0), one["sha256"] or ""]
        for one in listed
    ]
    print_table("Exports", ["Export", "Of", "Format", "State", "Rows", "SHA-256"], cells, frozenset({0, 4}))


@export.command("again")
@click.argument("number", type=int)
@click.option("--program", "program_code", help="Code of its programme; asked for when it is said.")
@BY
@json_option
def again(number: int, program_code: str | None, by: str | None, as_json: bool) -> None:
    """Make the export NUMBER again of the rows that were kept, and tell whether it is the same file, byte for byte.

    Ends with 1 where it is not: the kept rows are gone or changed, or another version writes files otherwise.
    """
    from app.exports.histories import asking
    from app.exports.histories.making import Maker

    with runtime() as run:
        with transaction(run.registry) as session:
            made = session.get(Export, number)
            program = chosen_program(session, program_code) if program_code else None
            if made is None or (program is not None and made.program_id != program.id):
                raise Failure(f"There is no export {number}.", NOT_FOUND)
            if made.state is not ExportState.MADE:
                raise Failure(f"Export {number} was never made.", USAGE)
            path = asking.file_path(run.settings.files, made)
            sha256 = made.sha256.hex() if made.sha256 is not None else ""
        same = Maker(run.registry, run.settings, run.now).again(number, actor=by or operator())
    if as_json:
        print_json({"export": number, "same": same, "sha256": sha256, "file": str(path)})
    elif same:
        click.echo(f"Export {number} is the same, byte for byte: {path}")
    else:
        click.echo(f"Export {number} is NOT what it was (SHA-256 {sha256}).")
    if not same:
        raise SystemExit(FOUND_WRONG)


@export.command("plans")
@PROGRAM
@json_option
def plans(program_code: str | None, as_json: bool) -> None:
    """List the plans of a programme: what each is of, when it is made by itself, and where it goes."""
    with runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        found = session.scalars(select(ExportPlan).where(ExportPlan.program_id == program.id).order_by(ExportPlan.name))
        listed: list[dict[str, Any]] = [
            {
                "plan": one.name,
                "subject": one.shape["subject"],
                "days": one.span.value,
                "rhythm": one.rhythm.value,
                "next_on": one.next_on.isoformat() if one.next_on is not None else None,
                "way": one.way.value,
                "target": one.target,
                "kept_by": one.changed_by,
            }
            for one in found
        ]
        code = program.code
    if as_json:
        print_json({"program": code, "plans": listed})
        return
    shown = ("plan", "subject", "days", "rhythm", "next_on", "target")
    cells = [[str(one[name] or "") for name in shown] for one in listed]
    print_table(f"Plans of {code}", ["Plan", "Of", "Days", "Made", "Next", "Goes to"], cells)


@export.command("due")
@click.option("--program", "program_code", help="Only of this programme; by default of all.")
@json_option
def due(program_code: str | None, as_json: bool) -> None:
    """Ask for the exports whose plans are due; workers make them. `kontor up` does it by itself."""
    from app.exports.histories import planning

    with runtime() as run:
        with transaction(run.registry) as session:
            program_id = chosen_program(session, program_code).id if program_code else None
        asked = planning.make_due(run.registry, run.now(), program_id)
    if as_json:
        print_json({"asked": asked})
    else:
        click.echo(f"{figure(asked)} exports asked for.")
