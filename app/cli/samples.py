"""`kontor import sample`: a workbook to fill in."""

from pathlib import Path

import click

from app.cli.options import chosen_program
from app.cli.output import json_option, print_json, writing
from app.cli.runtime import runtime
from app.db.transaction import transaction
from app.domain.fields import KINDS
from app.services.languages import LANGUAGES


@click.command()
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.option("--program", "program_code", required=True, help="Code of the programme.")
@click.option(
    "--language", type=click.Choice(list(LANGUAGES)), help="Of the headers; by default that of the programme."
)
@click.option(
    "--to",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the workbook is written; by default KIND.xlsx in this folder.",
)
@json_option
def sample(kind: str, program_code: str, language: str | None, path: Path | None, as_json: bool) -> None:
    """Write a workbook of a KIND with the headers that are understood and one row filled in."""
    from app.services.import_profiles import profiles_of
    from importers.samples import write_sample

    with runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        profiles, own = profiles_of(program), program.locale
    target = path or Path(f"{kind}.xlsx")
    with writing(target):
        write_sample(target, kind, profiles, language or own)
    if as_json:
        print_json({"kind": kind, "file": str(target)})
    else:
        click.echo(f"{target} has the headers and one row; fill it in, and import it with `kontor import {kind}`.")
