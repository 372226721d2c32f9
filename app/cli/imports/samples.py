"""`kontor import sample`: a workbook to fill in."""

from collections.abc import Mapping
from pathlib import Path

import click

from app.cli.options import PROGRAM, said_program
from app.cli.output import json_option, print_json, writing
from app.cli.running.runtime import runtime
from app.db.transaction import transaction
from app.domain.program_file.import_profile import ImportProfile
from app.domain.typed.fields import KINDS
from app.services.telling.languages import LANGUAGES


@click.command()
@click.argument("kind", type=click.Choice(list(KINDS)))
@PROGRAM
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
def sample(kind: str, program_code: str | None, language: str | None, path: Path | None, as_json: bool) -> None:
    """Write a workbook of a KIND with the headers that are understood and one row filled in."""
    from app.services.setup.import_profiles import profiles_of
    from importers.reading.samples import write_sample

    with runtime() as run, transaction(run.registry) as session:
        program = said_program(session, program_code)
        profiles, own = profiles_of(program), program.locale
    target = path or Path(f"{kind}.xlsx")
    with writing(target):
        write_sample(target, kind, profiles, language or own)
    if as_json:
        print_json({"kind": kind, "file": str(target)})
    else:
        click.echo(f"{target} has the headers and one row; fill it in, and {_then(target, kind, profiles)}.")


def _then(path: Path, kind: str, profiles: Mapping[str, ImportProfile]) -> str:
    """Say how the file comes in: by the profile of the kind, or by one that is proposed first."""
    from importers.reading.identifying import serves

    reading = [name for name, one in profiles.items() if serves(name, one) == kind]
    if kind in reading:
        return f"import it with `kontor import {kind}`"
    if reading:
        return f"import it with `kontor import {kind} --profile {reading[0]}`"
    return (
        f"put the profile that `kontor import look {path} --kind {kind} --propose` prints into the programme file; "
        f"then `kontor import {kind}` reads it"
    )
