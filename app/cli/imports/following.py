"""Imports followed from a command line: their progress until they end, and what became of them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from app.cli.options import said_program
from app.cli.output import FOUND_WRONG, REFUSED, Failure, failing, figure, print_json
from app.cli.running.helping import POLL_SECONDS, hands, no_longer_followed
from app.cli.running.runtime import Runtime, operator
from app.db.transaction import transaction
from app.domain.saying.reasons import sentence


def start_import(
    run: Runtime, kind: str, file: Path, program_code: str | None, profile_name: str | None, *, dry_run: bool = False
) -> int:
    """Take a file in and wake the workers. Returns the batch's number."""
    from app.jobs import messenger
    from importers.batches import batches
    from importers.errors import ImportRefused

    with transaction(run.registry) as session:
        found = said_program(session, program_code)
        with failing(ImportRefused):
            batch_id = batches.start(
                session,
                run.settings,
                found,
                kind,
                file,
                file_name=file.name,
                profile_name=profile_name,
                dry_run=dry_run,
                actor=operator(),
                now=run.now(),
            )
    messenger.wake(run.addresses.redis_url, 1)
    return batch_id


def follow(run: Runtime, batch_id: int) -> Any:
    """Show an import's progress until it ends, doing its work here where no worker lives."""
    from importers.batches import batches

    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %  {task.fields[figures]}"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with _interrupted(run, batch_id), hands(run) as working, bar:
        task = bar.add_task("waiting", total=10_000, figures="")
        while True:
            working.see_to_it()
            with transaction(run.registry) as session:
                progress = batches.progress_of(session, batch_id, run.now())
            run.registry.remove()
            bar.update(task, completed=progress.share_bp, description=progress.stage, figures=_figures(progress))
            if progress.ended:
                return progress
            time.sleep(POLL_SECONDS)


@contextmanager
def _interrupted(run: Runtime, batch_id: int) -> Iterator[None]:
    """Say at Ctrl-C how the import goes on: by itself where workers are at it; else what is left waits."""
    try:
        yield
    except KeyboardInterrupt:
        told = no_longer_followed(run, f"Import {batch_id}", f"kontor imports resume {batch_id}")
        raise Failure(told, FOUND_WRONG) from None


def _figures(progress: Any) -> str:
    counts = progress.counts
    return (
        f"{figure(counts['rows_read'])} rows read, {figure(counts['lines_accepted'])} accepted, "
        f"{figure(counts['lines_held'])} held, {figure(counts['lines_refused'])} refused"
    )


def result(progress: Any) -> dict[str, Any]:
    """Give what became of an import, for a document."""
    return {
        "batch": progress.batch_id,
        "kind": progress.kind,
        "file": progress.file_name,
        "dry_run": progress.dry_run,
        **progress.counts,
        "warnings": [sentence(one) for one in progress.warnings],
        "seconds": round(progress.seconds, 3),
        "problems_file": progress.problems_file,
    }


def report(progress: Any, as_json: bool, earlier: Any = None) -> None:
    """Print what became of an import, and whether its file came in before.

    Raises:
        Failure: The import could not be finished.
    """
    from app.domain.states import BatchStatus

    if progress.status is BatchStatus.FAILED:
        if progress.refused:
            raise Failure(progress.message, REFUSED)
        raise Failure(
            f"Import {progress.batch_id} was given up ({progress.message}). "
            f"`kontor imports resume {progress.batch_id}` tries it again.",
            FOUND_WRONG,
        )
    counts = progress.counts
    if as_json:
        same = None if earlier is None else {"batch": earlier.batch_id, "created_at": earlier.created_at.isoformat()}
        print_json(result(progress) | {"same_file_as": same})
        return
    click.echo(
        f"Import {progress.batch_id} of {progress.file_name}" + (" (dry run: nothing kept)" if progress.dry_run else "")
    )
    if earlier is not None:
        click.echo(f"  the same file as import {earlier.batch_id} of {earlier.created_at:%Y-%m-%d %H:%M} UTC")
    lines = [("rows read", "rows_read"), ("accepted", "lines_accepted"), ("held", "lines_held")]
    lines += [("refused", "lines_refused"), ("here already", "duplicates")]
    if progress.kind == "sales":
        lines += [
            ("documents", "documents"),
            ("points awarded", "points_awarded"),
            ("points reversed", "points_reversed"),
        ]
        made_known = [("new distributors", "distributors_created"), ("new products", "products_created")]
        lines += [(title, name) for title, name in made_known if counts[name]]
    else:
        lines += [("created", "created"), ("changed", "changed")]
    if counts["rows_recognised"]:
        lines.insert(1, ("no lines", "rows_recognised"))
    for title, name in lines:
        click.echo(f"  {title:<16}{figure(counts[name]):>14}")
    click.echo(f"  {'seconds':<16}{progress.seconds:>14.1f}")
    for warning in progress.warnings:
        click.echo(f"  note: {sentence(warning)}")
    if progress.problems_file:
        click.echo(f"  rows held or refused, with reasons: {progress.problems_file}")
