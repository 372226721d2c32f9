"""`kontor import watch`: files that others put into a folder are imported as they come."""

import json
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import click

from app.cli.imports.following import follow, result
from app.cli.options import PROGRAM, said_program
from app.cli.output import failing
from app.cli.running.runtime import Runtime, operator, runtime
from app.db.transaction import transaction
from app.domain.saying.wording import Said
from app.services.telling import texts

LOOK_SECONDS = 0.2
LEFT = "left"


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@PROGRAM
@click.option(
    "--rest",
    "rest_seconds",
    type=click.FloatRange(min=0),
    default=3.0,
    show_default=True,
    help="A file is whole when nothing about it has changed for so many seconds.",
)
@click.option("--once", is_flag=True, help="Import what lies there, then end.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document on a line of its own for each file.")
def watch(directory: Path, program_code: str | None, rest_seconds: float, once: bool, as_json: bool) -> None:
    """Import the files that come into DIR, and move each to DIR/done or DIR/failed with the rows that did not count.

    Which profile reads a file is told by its name: the `files` of an import profile, such as "sales-*.csv"; a file that
    none of them wants stays where it is, which a line says. It may be stopped at any moment, and started again: no file
    counts twice.
    """
    from importers.errors import NoProfile
    from importers.watching import CannotWatch, Folder

    stop = threading.Event()

    def ask_to_stop(_signal: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt  # whoever asks twice does not wait for the import in hand
        stop.set()

    before = {one: signal.signal(one, ask_to_stop) for one in (signal.SIGTERM, signal.SIGINT)}
    folder = Folder(directory.resolve(), rest_seconds)
    try:
        with runtime() as run, failing(CannotWatch, NoProfile), folder.watched():
            _watch(run, folder, program_code, stop, once=once, as_json=as_json)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _watch(
    run: Runtime, folder: Any, program_code: str | None, stop: threading.Event, *, once: bool, as_json: bool
) -> None:
    from importers import watching

    folder.whole()
    while not stop.wait(max(LOOK_SECONDS, min(1.0, folder.rest_seconds))):
        files = folder.whole()
        with transaction(run.registry) as session:
            patterns = watching.readings(said_program(session, program_code))
        run.registry.remove()
        for file in files:
            told = _import(run, folder, program_code, file, patterns)
            if told is not None:
                click.echo(json.dumps(told, ensure_ascii=False) if as_json else _line(told))
            if stop.is_set():
                return
        if once and not folder.growing:
            return


def _import(run: Runtime, folder: Any, program_code: str | None, file: Path, patterns: Any) -> dict[str, Any] | None:
    """Import a file to its end and put it away. None: it is not whole any more, or still nobody's, as was told."""
    from importers import watching
    from importers.batches import batches
    from importers.errors import ImportRefused

    if not folder.is_as_seen(file):
        return None
    try:
        reading = watching.reading_of(file.name, patterns)
        if reading is None:
            words = "No import profile says that it reads files of this name; it stays where it is."
            return {"file": file.name, "result": LEFT, "message": words} if folder.is_newly_unwanted(file) else None
        with transaction(run.registry) as session:
            program = said_program(session, program_code)
            known = watching.taken_in_before(session, program, reading, file)
            batch_id = known or batches.start(
                session,
                run.settings,
                program,
                reading.kind,
                file,
                file_name=file.name,
                profile_name=reading.profile_name,
                dry_run=False,
                actor=operator(),
                now=run.now(),
            )
    except ImportRefused as refused:
        run.registry.remove()
        refusal = {"file": file.name, "result": watching.FAILED, "moved_to": None, "message": str(refused)}
        return _put_away(folder, file, refusal, None, None, _in_its_language(run, program_code, refused.said))
    except FileNotFoundError:
        return None
    except OSError as problem:
        run.registry.remove()
        folder.leave(file)
        return {"file": file.name, "result": LEFT, "message": f"It cannot be taken in: {problem.strerror}."}
    progress = follow(run, batch_id)
    told = {
        **result(progress),
        "file": file.name,
        "result": watching.place_of(progress),
        "moved_to": None,
        "here_already": known is not None,
        "message": progress.message,
    }
    said = progress.message_said
    why = _in_its_language(run, program_code, Said.again(said)) if said else progress.message
    return _put_away(folder, file, told, batch_id, watching.workbook_of(progress), why)


def _in_its_language(run: Runtime, program_code: str | None, said: Said) -> str:
    """Say why a file is put away to whoever looks into the folder: in the programme's language."""
    with transaction(run.registry) as session:
        return texts.told(said, said_program(session, program_code).locale)


def _put_away(
    folder: Any, file: Path, told: dict[str, Any], batch_id: int | None, workbook: Path | None, why: str | None
) -> dict[str, Any]:
    """Move a file whose import has ended, and tell where it is, or why it stays."""
    try:
        place = folder.put_away(file, told["result"], batch_id, workbook, why)
    except OSError as problem:
        folder.leave(file)
        stays = f"The file stays where it is: {problem.strerror}."
    else:
        if place is not None:
            return told | {"moved_to": str(place)}
        stays = "The file was changed or taken away meanwhile; what lies there now is read anew."
    return told | {"message": " ".join(one for one in (why, stays) if one)}


def _line(told: dict[str, Any]) -> str:
    if "batch" not in told:
        return f"{told['file']}: {told['result']}. {told['message']}"
    again = ", here already" if told["here_already"] else ""
    return (
        f"{told['file']}: {told['result']}, import {told['batch']}{again}; {told['lines_accepted']} accepted, "
        f"{told['lines_held']} held, {told['lines_refused']} refused"
        + (f". {told['message']}" if told["message"] else "")
    )
