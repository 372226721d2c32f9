"""`kontor import look` and `kontor imports show`: what a file seems to be, and what became of each row of one."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import yaml

from app.cli.imports.following import report, result
from app.cli.options import PROGRAM, said_program
from app.cli.output import NOT_FOUND, USAGE, Failure, failing, figure, json_option, print_json, print_table
from app.cli.running.runtime import runtime
from app.db.transaction import transaction
from app.domain.typed.fields import KINDS


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@PROGRAM
@click.option(
    "--kind", type=click.Choice(list(KINDS)), help="What it holds; by default what its columns are named after."
)
@click.option("--sheet", help="Name of the sheet in which its table stands; by default it is found.")
@click.option("--header", "row", type=click.IntRange(1), help="Row in which its header begins; by default it is found.")
@click.option("--header-rows", "rows", type=click.IntRange(1, 3), default=1, help="Rows of that header.")
@click.option(
    "--answer",
    "answers",
    multiple=True,
    metavar="KEY=VALUE",
    help="Answer a question that the file leaves open, or say which column holds a field: column:issued_on=Date.",
)
@click.option("--propose", is_flag=True, help="Print a profile that reads it, to be put into the programme file.")
@json_option
def look(
    file: Path,
    program_code: str | None,
    kind: str | None,
    sheet: str | None,
    row: int | None,
    rows: int,
    answers: tuple[str, ...],
    propose: bool,
    as_json: bool,
) -> None:
    """Look at FILE without importing it: its sheets, header, columns, and what nobody may guess.

    Everything shown is a guess but the questions; each is answered by --answer. With --propose a profile is printed, as
    it stands under import_profiles in a programme file. A file that a profile of the programme reads already says so.
    """
    from app.services.setup.import_profiles import profiles_of
    from importers.batches.batches import printable
    from importers.errors import ImportRefused
    from importers.files.guard import judge
    from importers.files.limits import Limits
    from importers.files.opening import whole
    from importers.layout.looks.proposing import as_document
    from importers.layout.looks.proposing import propose as proposed
    from importers.layout.tables.header import Said
    from importers.reading.identifying import identify

    name, given = printable(file.name), dict(_answer(one) for one in answers)
    with runtime() as run, failing(ImportRefused):
        with transaction(run.registry) as session:
            program = said_program(session, program_code)
            known = profiles_of(program)
            locale = program.locale
        judged = judge(file, name, Limits.of(run.settings), [locale])
        said = Said(sheet, row, rows)
        found = identify(*whole(judged, name), name, known, kind=kind, said=said)
        if propose:
            document = {found.seen.kind: as_document(proposed(found.seen, given))}
            if as_json:
                print_json({"import_profiles": document})
            else:
                click.echo(yaml.safe_dump({"import_profiles": document}, allow_unicode=True, sort_keys=False), nl=False)
            return
    if as_json:
        print_json({"file": name, "profile": found.profile_name, **asdict(found.seen)})
        return
    _show(name, found)


def _answer(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign:
        raise Failure(f"--answer {text}: expected KEY=VALUE, such as dates=dmy.", USAGE)
    return key, value


def _show(name: str, found: Any) -> None:
    from importers.layout.looks.proposing import asked

    seen = found.seen
    click.echo(f"{name}: {seen.kind}" + (f", read by the profile {found.profile_name}" if found.profile_name else ""))
    for one in seen.sheets:
        if one.name:
            click.echo(f"  sheet {one.name}" + ("" if one.visible else " (hidden)"))
    if seen.delimiter:
        click.echo(f"  text in {seen.encoding}, cells parted by {seen.delimiter!r}")
    rows = (
        f"row {seen.header}" if seen.header_rows == 1 else f"rows {seen.header} to {seen.header + seen.header_rows - 1}"
    )
    click.echo(f"  header in {rows}, {seen.confidence_bp / 100:.0f} % sure")
    if seen.lifted:
        click.echo(f"  columns made of other cells: {', '.join(seen.lifted)}")
    for kind, count in seen.recognised.items():
        click.echo(f"  {kind.replace('_', ' ')}: {figure(count)}")
    fields = {column: field for field, column in seen.columns_of.items()}
    table = [
        [
            column.name,
            fields.get(column.name, ""),
            next((one.why for one in column.fields if one.field == fields.get(column.name)), ""),
            f"{column.facts.filled_bp / 100:.0f} %",
            ", ".join(column.facts.samples[:3]),
        ]
        for column in seen.columns
    ]
    print_table("Columns", ["Column", "Field", "Why", "Filled", "Holds"], table, frozenset({3}))
    for question in seen.questions:
        click.echo(f"  {asked(question)}")


@click.command()
@click.argument("batch", type=int)
@json_option
def show(batch: int, as_json: bool) -> None:
    """Show what became of import BATCH (its number).

    With its problems by what repairs them, the rows of its file that are no lines, and what a dry run would have
    awarded, by rule.
    """
    from app.domain.states import BatchStatus
    from app.models.imports import ImportBatch
    from importers.batches import batches
    from importers.batches.store import BatchFiles
    from importers.batches.trying import tried
    from importers.layout.tables.table import place_of, stretches_of
    from importers.problems.repairs import to_repair

    with runtime() as run:
        with transaction(run.registry) as session, failing(batches.NoSuchBatch, code=NOT_FOUND):
            progress = batches.progress_of(session, batch, run.now())
            stretches = stretches_of(batches.stretches_noted(session, batch))
            files, groups = BatchFiles(run.settings.files, batch), to_repair(session, batch)
            awarded = tried(session, session.get_one(ImportBatch, batch), files).awarded if progress.dry_run else ()
        rows = files.load_recognised()
    placed = [(place_of(row, stretches), kind) for row, kind in rows]
    told = [{"sheet": of.sheet if of else None, "row": row, "kind": kind} for (of, row), kind in placed]
    if as_json:
        would = [{"rule": one.rule, "unit": one.unit.name.lower(), "amount": one.amount} for one in awarded]
        parts = {"recognised": told, "problems": [_problem(one) for one in groups], "would_award": would}
        print_json(result(progress) | {"status": str(progress.status)} | parts)
        return
    if progress.status in (BatchStatus.DONE, BatchStatus.FAILED):
        report(progress, as_json=False)
    else:
        click.echo(f"Import {batch} of {progress.file_name}: {progress.stage}")
    if awarded:
        lines = [[one.rule, one.unit.name.lower(), figure(one.amount), figure(one.lines)] for one in awarded]
        print_table("Would be awarded", ["Rule", "Unit", "Amount", "Lines"], lines, frozenset({2, 3}))
    if groups:
        said = [[str(one.outcome), figure(one.rows), _problem(one)["examples"][0]] for one in groups]
        print_table("Problems, by what repairs them", ["Outcome", "Rows", "Such as"], said, frozenset({1}))
    if told:
        table = [[*([str(one["sheet"])] if stretches else []), str(one["row"]), str(one["kind"])] for one in told]
        headers = [*(["Sheet"] if stretches else []), "Row", "Kind"]
        print_table("Rows that are no lines", headers, table)


def _problem(one: Any) -> dict[str, Any]:
    """Tell of rows that one repair helps."""
    from app.domain.saying.reasons import sentence

    examples = [f"row {example.row}: {sentence(example.reason)}" for example in one.examples]
    return {"code": one.code, "column": one.of, "outcome": str(one.outcome), "rows": one.rows, "examples": examples}
