"""A fresh installation for one measurement: its own servers, the benchmark's programme and master data, workers."""

import datetime as dt
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

from rq import Worker
from sqlalchemy import create_engine, text

from app.cli.running.runtime import Runtime, runtime
from app.config import settings
from app.db.transaction import transaction
from app.extensions import db
from app.factory import register_jobs
from app.jobs import messenger
from app.jobs.worker import Bench, do_one
from app.local import children
from app.local.servers import status, stop
from app.services import chores
from app.services.setup import program_files, programs
from bench.data import BenchFiles, write_bench
from importers.batches import batches

WORKERS = 2
_SECONDS_TO_WAKE = 300.0
_LINES_THAT_FILL_MEMORY = 50_000
"""So many lines, and more, want a page of the server's memory every moment; fewer tell nothing by their times."""


def made_files(folder: Path, lines: int, forms: Collection[str] = ()) -> BenchFiles:
    """Give the benchmark's files of a size, and these workbooks: made, or found where they were made before."""
    made = folder / f"made-{lines}-{'-'.join(('csv', *sorted(forms)))}.json"
    if made.exists():
        return BenchFiles(**{**json.loads(made.read_text()), "folder": folder})
    folder.mkdir(parents=True, exist_ok=True)
    for other in [*folder.glob("made-*.json"), *folder.glob("sales.*")]:
        other.unlink()  # of another size, they bear the same names
    print(f"making the files of {lines:,} lines ...", file=sys.stderr)
    files = write_bench(folder, lines, forms=forms)
    made.write_text(json.dumps({**asdict(files), "folder": None}))
    return files


@contextmanager
def at(home: Path | None = None) -> Iterator[Runtime]:
    """Bring up the installation of a home; where none is named, of one that goes with the measurement."""
    with ExitStack() as stack:
        where = home or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kontor-bench-")))
        where.mkdir(parents=True, exist_ok=True)
        where.chmod(0o711)  # root's servers run as ``nobody``: what is closed to it has its data elsewhere, for good
        os.environ["KONTOR_HOME"] = str(where)
        settings.cache_clear()
        stack.callback(stop, where)  # wait for them: what comes next is not to share the machine with their end
        yield stack.enter_context(runtime())


@contextmanager
def bare(programme: str, home: Path | None = None) -> Iterator[Runtime]:
    """Bring up an installation that has a programme, and nothing else."""
    with at(home) as run:
        with transaction(run.registry) as session:
            programs.load(session, program_files.parse(programme), actor="bench", now=run.now())
        yield run


@contextmanager
def counted(files: BenchFiles, home: Path | None) -> Iterator[Runtime]:
    """Bring up an installation whose sales are counted. One that has a home stays there, and is found by the next."""
    whole = home / "sales-are-counted" if home is not None else None
    if whole is not None and whole.exists():
        with at(home) as run:
            yield run
        return
    if home is not None:
        shutil.rmtree(home, ignore_errors=True)  # what was not finished is made anew
    with fresh(files, home) as run:
        _import(run, "sales", files.folder / "sales.csv")
        chores.run(run.registry, run.now())  # the sums that charts show are made
        _gather_statistics(run.addresses.owner_url)
        if whole is not None:
            whole.touch()
        yield run


def _gather_statistics(owner_url: str) -> None:
    """Have the planner know its tables, as PostgreSQL sees to within a minute or two: pages are opened all year."""
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        connection.execute(text("analyze"))
    engine.dispose()


@contextmanager
def fresh(files: BenchFiles, home: Path | None = None) -> Iterator[Runtime]:
    """Bring up an installation that has the programme, its distributors and its products, and no sales."""
    with bare((files.folder / "programme.yaml").read_text(), home) as run:
        register_jobs(run.app)
        for kind in ("distributors", "products"):
            _import(run, kind, files.folder / f"{kind}.csv")
        if files.lines >= _LINES_THAT_FILL_MEMORY:
            use_memory(run.addresses.owner_url)
        yield run


def _import(run: Runtime, kind: str, path: Path) -> None:
    """Import a file here and now: where nothing is measured, no worker has to be waited for."""
    batch_id = put_up(run, kind, path)
    while do_one(Bench(run.registry, db.engine, run.settings.lease_seconds)):
        pass
    wait_for(run, batch_id)


@contextmanager
def workers(run: Runtime, count: int = WORKERS) -> Iterator[list[int]]:
    """Have workers, as `kontor up` starts them; give their process ids once they wait for work.

    A worker takes seconds to load its libraries; an installation's run all day.
    """
    started = [
        children.start(["worker"], run.addresses, run.settings.home / "log" / f"worker-{number}.log")
        for number in range(count)
    ]
    try:
        _wait_until_ready(run, count)
        yield [worker.pid for worker in started]
    finally:
        children.end(started)


def use_memory(owner_url: str) -> None:
    """Have the server use all memory it shares, as one does that runs all day, and when a floor is measured in it.

    A server fetches each page of its memory from the system when it is wanted for the first time.
    """
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        size = connection.scalar(text("select pg_size_bytes(current_setting('shared_buffers'))"))
        connection.execute(text("create unlogged table used (filling text)"))
        connection.execute(text("alter table used alter filling set storage plain"))
        connection.execute(
            text("insert into used select repeat('x', 2000) from generate_series(1, :rows)"), {"rows": size // 2048}
        )
        connection.execute(text("drop table used"))
    engine.dispose()


def _wait_until_ready(run: Runtime, count: int) -> None:
    connection = messenger.connect(run.addresses.redis_url)
    deadline = time.monotonic() + _SECONDS_TO_WAKE
    while Worker.count(connection=connection) < count:
        if time.monotonic() > deadline:
            raise SystemExit(f"the workers do not start; see {run.settings.home / 'log'}")
        time.sleep(0.1)
    connection.close()


def servers(run: Runtime) -> list[int]:
    """Give the process ids of the servers."""
    return [one.pid for one in status(run.settings.home).servers if one.pid is not None]


def put_up(run: Runtime, kind: str, path: Path, now: dt.datetime | None = None, *, dry_run: bool = False) -> int:
    """Ask for an import, as the command does. Returns the batch's id."""
    with transaction(run.registry) as session:
        batch_id = batches.start(
            session,
            run.settings,
            programs.program_by_code(session, "bench"),
            kind,
            path,
            file_name=path.name,
            profile_name=None,
            dry_run=dry_run,
            actor="bench",
            now=now or run.now(),
        )
    messenger.wake(run.addresses.redis_url, 1)
    return batch_id


def progress_of(run: Runtime, batch_id: int) -> batches.Progress:
    """Tell how far an import has come.

    Raises:
        SystemExit: It failed.
    """
    with transaction(run.registry) as session:
        progress = batches.progress_of(session, batch_id, run.now())
    run.registry.remove()
    if progress.ended and progress.message:
        raise SystemExit(f"the import failed: {progress.message}")
    return progress


def wait_for(run: Runtime, batch_id: int) -> batches.Progress:
    """Wait until an import has ended, looking seldom: each look takes time from what is measured."""
    while not (progress := progress_of(run, batch_id)).ended:
        time.sleep(0.5)
    return progress
