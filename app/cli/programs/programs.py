"""`kontor program`: load, export, copy, schema."""

from pathlib import Path

import click

from app.cli.output import NOT_FOUND, REFUSED, Failure, failing, json_option, print_json, print_table
from app.cli.running.runtime import operator, runtime
from app.db.transaction import transaction


@click.group()
def program() -> None:
    """Programmes as documents: load them, export them, see what they may say."""


@program.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def load(file: Path, as_json: bool) -> None:
    """Make a programme what FILE says (YAML).

    Loading the same file twice changes nothing; loading an edited one publishes new versions of the rules that read
    otherwise. Errors name the path in the document.
    """
    from app.services.setup import program_files, programs

    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise Failure(f"{file.name}: byte {wrong.start + 1} is not UTF-8; save the file as UTF-8.", REFUSED) from None
    with failing(program_files.ProgramFileInvalid):
        document = program_files.parse(text)
    refusals = (programs.CurrencyChanged, programs.TrainingChanged, program_files.ProgramFileInvalid)
    with runtime() as run, failing(*refusals), transaction(run.registry) as session:
        loaded = programs.load(session, document, actor=operator(), now=run.now())
    if as_json:
        print_json({"program": loaded.code, "created": loaded.created, "changes": loaded.changes})
    elif not loaded.changes:
        click.echo(f"{loaded.code}: nothing changed.")
    else:
        click.echo(f"{loaded.code}: " + ("created." if loaded.created else "changed."))
        for change in loaded.changes:
            click.echo(f"  {change}")


@program.command("export")
@click.argument("code")
@json_option
def export(code: str, as_json: bool) -> None:
    """Print the programme CODE as a file that loads again without changing anything."""
    from app.services.setup import program_files, programs

    with runtime() as run, failing(programs.NoSuchProgram, code=NOT_FOUND), transaction(run.registry) as session:
        document = programs.export(session, code)
    if as_json:
        print_json(document)
    else:
        click.echo(program_files.to_yaml(document), nl=False)


@program.command("copy")
@click.argument("code")
@click.argument("new_code", metavar="NEW_CODE")
@click.option("--name", help="Name of the copy; else that of the programme, with (training) behind it.")
@json_option
def copy(code: str, new_code: str, name: str | None, as_json: bool) -> None:
    """Make a training copy of the programme CODE, with the code NEW_CODE: to learn and try in.

    It has the rules, groups and column profiles of the programme, and nobody in it. Every page of it says that it is
    for training, and its conversion runs go to the sandbox alone. It stays a training programme.
    """
    from app.services.setup import program_files, programs, training

    refusals = (training.CodeTaken, program_files.ProgramFileInvalid)
    with (
        runtime() as run,
        failing(programs.NoSuchProgram, code=NOT_FOUND),
        failing(*refusals),
        transaction(run.registry) as session,
    ):
        loaded = training.copy(session, code, new_code, name=name, actor=operator(), now=run.now())
    if as_json:
        print_json({"program": loaded.code, "created": loaded.created, "changes": loaded.changes})
    else:
        click.echo(f"{loaded.code}: a training copy of {code}.")


@program.command("schema")
@json_option
def schema(as_json: bool) -> None:
    """Print the JSON Schema of programme files: one JSON document, with --json or without."""
    from app.services.setup import program_files

    click.echo(program_files.json_schema())


@program.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the programmes."""
    from sqlalchemy import select

    from app.models.programs import Program

    with runtime() as run, transaction(run.registry) as session:
        rows = session.execute(
            select(
                Program.code, Program.name, Program.sponsor, Program.currency, Program.starts_on, Program.ends_on
            ).order_by(Program.code)
        ).all()
    if as_json:
        print_json(
            {
                "programs": [
                    {
                        "code": row.code,
                        "name": row.name,
                        "sponsor": row.sponsor,
                        "currency": row.currency,
                        "starts_on": row.starts_on.isoformat(),
                        "ends_on": row.ends_on.isoformat() if row.ends_on else None,
                    }
                    for row in rows
                ]
            }
        )
    else:
        cells = [
            [row.code, row.name, row.sponsor, row.currency, f"{row.starts_on} – {row.ends_on or ''}"] for row in rows
        ]
        print_table("Programmes", ["Code", "Name", "Sponsor", "Currency", "Runs"], cells)
