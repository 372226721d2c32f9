"""Imports followed from a command line: their progress until they end, and what became of them."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import OperationalError

from app.cli.ledger import chosen_program
from app.cli.output import FOUND_WRONG, REFUSED, Failure, failing, figure, print_json
from app.cli.runtime import Runtime, WorkersPresent, operator
from app.db.transaction import transaction
from app.domain.reasons import sentence
from app.extensions import db

POLL_SECONDS = 0.2


def start_import(
    run: Runtime, kind: str, file: Path, program_code: str, profile_name: str | None, *, dry_run: bool = False
) -> int:
    """Take a file in and wake the workers. Returns the batch's number."""
    from app.jobs import messenger
    from importers import batches
    from importers.errors import ImportRefused

    with transaction(run.registry) as session:
        found = chosen_program(session, program_code)
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


class _Helper(threading.Thread):
    """Does an import's jobs in this process, where no worker lives; brings further workers when there is much to do."""

    def __init__(self, run: Runtime) -> None:
        super().__init__(name="helper", daemon=True)
        self._run = run
        self._stop_asked = threading.Event()
        self._children: list[Any] = []

    def run(self) -> None:
        from app.factory import register_jobs
        from app.jobs import worker
        from app.local import children

        register_jobs(self._run.app)
        logs = self._run.settings.home / "log"
        with self._run.app.app_context():
            bench = worker.Bench(self._run.registry, db.engine, self._run.settings.lease_seconds)
            while not self._stop_asked.is_set():
                if not worker.do_one(bench):
                    self._stop_asked.wait(POLL_SECONDS)
                if not self._children and self._waiting() > 1:
                    self._children = [
                        children.start(["worker"], self._run.addresses, logs / f"worker-{number}.log")
                        for number in range(1, self._run.settings.workers)
                    ]

    def _waiting(self) -> int:
        """Count what waits; where the database does not answer at the moment, it is asked again."""
        from app.jobs import board

        try:
            with transaction(self._run.registry) as session:
                return board.waiting(session)
        except OperationalError:
            self._run.registry.remove()
            return 0

    def end(self) -> None:
        """Stop after the job in hand, and stop the workers that were brought."""
        from app.local import children

        self._stop_asked.set()
        children.end(self._children)
        self.join()


def follow(run: Runtime, batch_id: int) -> Any:
    """Show an import's progress until it ends, doing its work here where no worker lives."""
    from app.jobs.sweeper import sweep_once
    from importers import batches

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
    with ExitStack() as stack, _interrupted(batch_id):
        workers = WorkersPresent(run.settings.home)
        helper: _Helper | None = None
        stack.enter_context(bar)
        task = bar.add_task("waiting", total=10_000, figures="")
        swept = time.monotonic()
        while True:
            # asked again and again: a worker that was there may have been at its last job
            if helper is None and not workers.any():
                helper = _Helper(run)
                helper.start()
                stack.callback(helper.end)
            with transaction(run.registry) as session:
                progress = batches.progress_of(session, batch_id, run.now())
            run.registry.remove()
            bar.update(task, completed=progress.share_bp, description=progress.stage, figures=_figures(progress))
            if progress.ended:
                return progress
            if time.monotonic() - swept > run.settings.sweep_seconds:
                sweep_once(run.registry, run.addresses.redis_url)
                swept = time.monotonic()
            time.sleep(POLL_SECONDS)


@contextmanager
def _interrupted(batch_id: int) -> Iterator[None]:
    """Say at Ctrl-C how the import goes on: what was counted stays, and the rest waits."""
    try:
        yield
    except KeyboardInterrupt:
        message = f"Stopped. Import {batch_id} goes on with `kontor imports resume {batch_id}`."
        raise Failure(message, FOUND_WRONG) from None


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
