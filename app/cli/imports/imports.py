"""`kontor import`: a file goes in, and what became of its rows comes out."""

from pathlib import Path

import click

from app.cli.imports import looking, samples, watching
from app.cli.imports import queue as import_queue
from app.cli.imports.following import follow, report, result, start_import
from app.cli.options import LIMIT, PROGRAM, chosen_program
from app.cli.output import NOT_FOUND, failing, figure, json_option, print_json, print_table
from app.cli.running.runtime import operator, runtime
from app.db.transaction import transaction


@click.group("import")
def import_() -> None:
    """Import a file into a programme: what it holds is the next word."""


def _file_command(kind: str) -> click.Command:
    """Make the command that imports files of a kind."""

    @click.command(kind, help=f"Import FILE, {_HOLDS[kind]}, into a programme.\n\n{_OF_EVERY_FILE}")
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @PROGRAM
    @click.option(
        "--profile", "profile_name", help=f"Import profile of the programme; by default the one named {kind}."
    )
    @click.option("--dry-run", is_flag=True, help="Do everything but keep nothing: what would become of each row.")
    @json_option
    def command(file: Path, program_code: str | None, profile_name: str | None, dry_run: bool, as_json: bool) -> None:
        from importers.batches import batches

        with runtime() as run:
            batch_id = start_import(run, kind, file, program_code, profile_name, dry_run=dry_run)
            progress = follow(run, batch_id)
            with transaction(run.registry) as session:
                earlier = batches.earlier_of(session, batch_id)
        report(progress, as_json, earlier)

    return command


_HOLDS = {
    "sales": "a sales report",
    "distributors": "a list of distributors",
    "people": "owners and sales reps of distributors, who are invited",
    "cards": "prepaid cards of distributors, by token and last four digits",
    "statements": "what a card provider booked, held against our books",
    "products": "a list of products",
    "rewards": "a catalogue of rewards",
    "vouchers": "codes of vouchers, each of which is given once",
    "shipments": "what suppliers sent and delivered of orders",
    "deliveries": "what the sponsor delivered to distributors",
    "rates": "rates of a matrix",
    "targets": "targets of a promotion",
    "events": "what happened beside sales: trainings, surveys, birthdays",
    "aliases": "what sources call products",
    "adjustments": "points to be given or taken, which a second person decides",
}
_OF_EVERY_FILE = (
    "A file is a workbook (.xlsx, .xlsm, .xlsb, .xls, .ods), a text (.csv, .tsv, .txt) or a page with a table. The "
    "programme's import profile says how it is laid out, and which column holds what; `kontor import look` proposes "
    "one. Rows that are held or refused come out in a workbook with the file's own columns and the reason; fix it and "
    "import it again. Importing a file twice counts nothing twice. An import that was stopped goes on with `kontor "
    "imports resume`, or by itself where `kontor up` runs."
)
for _kind in _HOLDS:
    import_.add_command(_file_command(_kind))
import_.add_command(looking.look)
import_.add_command(samples.sample)
import_.add_command(watching.watch)


@click.group()
def imports() -> None:
    """Imports: what came in, and what became of it."""


@imports.command("list")
@click.option("--program", "program_code", help="Only of this programme.")
@LIMIT
@json_option
def list_(program_code: str | None, limit: int, as_json: bool) -> None:
    """List the newest imports."""
    from importers.batches import batches

    with runtime() as run, transaction(run.registry) as session:
        if program_code is not None:
            chosen_program(session, program_code)
        found = batches.newest(session, program_code, limit, run.now())
    if as_json:
        print_json({"imports": [result(one) | {"status": str(one.status)} for one in found]})
        return
    rows = [
        [
            str(one.batch_id),
            one.file_name,
            one.kind + (" (dry run)" if one.dry_run else ""),
            str(one.status),
            *(figure(one.counts[name]) for name in ("rows_read", "lines_accepted", "lines_held", "lines_refused")),
        ]
        for one in found
    ]
    headers = ["No.", "File", "Kind", "Status", "Rows", "Accepted", "Held", "Refused"]
    print_table("Imports", headers, rows, frozenset({4, 5, 6, 7}))


@imports.command("resume")
@click.argument("batch", type=int)
@json_option
def resume(batch: int, as_json: bool) -> None:
    """Go on with import BATCH (its number) where it stopped, and show its result."""
    from importers.batches import batches

    with runtime() as run:
        with transaction(run.registry) as session:
            batches.retry(session, batch, actor=operator(), now=run.now())
        with failing(batches.NoSuchBatch, code=NOT_FOUND):
            progress = follow(run, batch)
    report(progress, as_json)


for _command in (
    looking.show,
    import_queue.unmatched,
    import_queue.match,
    import_queue.ignore,
    import_queue.alias,
    import_queue.known_names,
    import_queue.forget,
    import_queue.undo,
):
    imports.add_command(_command)
