"""`scripts/bench import`: a million lines from file to points posted, beside the floor measured in the same run."""

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from app.cli.runtime import Runtime, runtime
from app.config import settings
from app.db.transaction import transaction
from app.local import children
from app.models.imports import ImportBatch
from app.models.jobs import Job
from app.services import program_files, programs
from bench import floor
from bench.data import BenchFiles, write_bench
from importers import batches

WORKERS = 2


class Memory(threading.Thread):
    """Watches the peak memory of single processes: anonymous memory, so that shared buffers count for nobody."""

    def __init__(self, process_ids: list[int]) -> None:
        super().__init__(daemon=True)
        self.roots = process_ids
        self.peak_kib: dict[str, int] = {}
        self._stop_asked = threading.Event()

    def run(self) -> None:
        """Look until told to stop."""
        while not self._stop_asked.wait(0.2):
            for pid in self._family():
                self._look(pid)

    def _family(self) -> list[int]:
        parents: dict[int, int] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                try:
                    parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                except (OSError, ValueError):
                    continue
        family = list(self.roots)
        for pid in family:
            family += [child for child, parent in parents.items() if parent == pid]
        return family

    def _look(self, pid: int) -> None:
        try:
            name = Path(f"/proc/{pid}/comm").read_text().strip()
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:
            return
        sizes = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith(("RssAnon", "RssFile"))}
        used = int(sizes.get("RssAnon", 0)) + int(sizes.get("RssFile", 0))
        self.peak_kib[name] = max(self.peak_kib.get(name, 0), used)

    def end(self) -> dict[str, int]:
        """Stop looking, and give the peaks by name of process, in KiB."""
        self._stop_asked.set()
        self.join()
        return self.peak_kib


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="scripts/bench import", description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--form", choices=["csv", "xlsx", "both"], default="both")
    parser.add_argument("--data", type=Path, help="folder of the files; kept and used again")
    parser.add_argument("--json", action="store_true", dest="as_json")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = given.data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kontor-bench-")))
        files = _files(folder, given.lines)
        forms = ["csv", "xlsx"] if given.form == "both" else [given.form]
        results = [run_one(files, folder / f"sales.{form}", form) for form in forms]
    if given.as_json:
        print(json.dumps({"lines": given.lines, "workers": WORKERS, "runs": results}, indent=2))
    else:
        for result in results:
            show(result)


def _files(folder: Path, lines: int) -> BenchFiles:
    made = folder / f"made-{lines}.json"
    if made.exists():
        known = json.loads(made.read_text())
        return BenchFiles(**{**known, "folder": folder})
    folder.mkdir(parents=True, exist_ok=True)
    print(f"making the files of {lines:,} lines ...", file=sys.stderr)
    files = write_bench(folder, lines)
    made.write_text(json.dumps({**files.__dict__, "folder": None}))
    return files


def run_one(files: BenchFiles, path: Path, form: str) -> dict[str, Any]:
    """Import one file into a fresh installation, then measure the floor under it."""
    with tempfile.TemporaryDirectory(prefix="kontor-bench-home-") as home:
        os.environ["KONTOR_HOME"] = home
        settings.cache_clear()
        with runtime() as run:
            code = _prepare(run, files)
            workers = [
                children.start(["worker"], run.addresses, Path(home) / "log" / f"worker-{number}.log")
                for number in range(WORKERS)
            ]
            try:
                time.sleep(6)  # a worker takes seconds to load its libraries; an installation's run all day
                watch = Memory([os.getpid(), *(worker.pid for worker in workers), *_servers(Path(home))])
                watch.start()
                batch_id, seconds = _import(run, code, "sales", path)
                peak = watch.end()
            finally:
                children.end(workers)
            with transaction(run.registry) as session:
                progress = batches.progress_of(session, batch_id, run.now())
                stages = _stages(session, batch_id)
                posted = _posted_seconds(session, batch_id)
            reading = floor.read_seconds(path)
            loading = floor.load_seconds(run.addresses.owner_url)
    counts = dict(progress.counts)
    _compare(counts, files)
    below = reading + sum(loading.values())
    return {
        "form": form,
        "file_mb": round(path.stat().st_size / 1e6, 1),
        "seconds": round(posted, 2),
        "seconds_with_problems_workbook": round(seconds, 2),
        "rows_per_second": round(counts["rows_read"] / posted),
        "counts": counts,
        "stages": stages,
        "peak_mib": {name: round(kib / 1024) for name, kib in sorted(peak.items(), key=lambda one: -one[1])},
        "floor": {"read": round(reading, 2), **{name: round(value, 2) for name, value in loading.items()}},
        "floor_seconds": round(below, 2),
        "ratio_to_floor": round(posted / below, 2),
    }


def _servers(home: Path) -> list[int]:
    from app.local.servers import status

    return [one.pid for one in status(home).servers if one.pid is not None]


def _prepare(run: Runtime, files: BenchFiles) -> str:
    file = program_files.parse((files.folder / "programme.yaml").read_text())
    with transaction(run.registry) as session:
        programs.load(session, file, actor="bench", now=run.now())
    from app.factory import register_jobs

    register_jobs(run.app)
    for kind in ("distributors", "products"):
        _import(run, file.program.code, kind, files.folder / f"{kind}.csv", here=True)
    return file.program.code


def _import(run: Runtime, code: str, kind: str, path: Path, *, here: bool = False) -> tuple[int, float]:
    from app.extensions import db
    from app.jobs import messenger
    from app.jobs.worker import Bench, do_one

    began = time.perf_counter()
    with transaction(run.registry) as session:
        program = programs.program_by_code(session, code)
        batch_id = batches.start(
            session,
            run.settings,
            program,
            kind,
            path,
            file_name=path.name,
            profile_name=None,
            dry_run=False,
            actor="bench",
            now=run.now(),
        )
    if here:
        while do_one(Bench(run.registry, db.engine, run.settings.lease_seconds)):
            pass
    else:
        messenger.wake(run.addresses.redis_url, 1)
    while True:
        with transaction(run.registry) as session:
            progress = batches.progress_of(session, batch_id, run.now())
        run.registry.remove()
        if progress.ended:
            if progress.message:
                raise SystemExit(f"the import failed: {progress.message}")
            return batch_id, time.perf_counter() - began
        time.sleep(0.05)


def _posted_seconds(session: Any, batch_id: int) -> float:
    """Tell how long it took from the file's arrival until the last points were posted."""
    arrived = session.execute(select(ImportBatch.created_at).where(ImportBatch.id == batch_id)).scalar_one()
    posted = session.execute(
        select(func.max(Job.finished_at)).where(
            Job.kind == batches.SHARD, Job.payload["batch"].as_integer() == batch_id
        )
    ).scalar_one()
    return float((posted - arrived).total_seconds())


def _stages(session: Any, batch_id: int) -> dict[str, dict[str, float]]:
    """Sum where the time of the import's jobs went, by kind of job and stage, in seconds."""
    found: dict[str, dict[str, float]] = {}
    for kind, progress in session.execute(
        select(Job.kind, Job.progress).where(Job.payload["batch"].as_integer() == batch_id)
    ):
        mine = found.setdefault(kind, {})
        for name, value in progress.get("stages", {}).items():
            if name == "peak_kib":
                mine["peak_mib"] = max(mine.get("peak_mib", 0), round(value / 1024))
            else:
                mine[name] = round(mine.get(name, 0) + value / 1e6, 3)
    return found


def _compare(counts: dict[str, int], files: BenchFiles) -> None:
    """Make sure that the import did its work: what is fast and wrong is not measured."""
    total = sum(counts[name] for name in ("lines_accepted", "lines_held", "lines_refused", "duplicates"))
    if counts["rows_read"] != files.lines or total != files.lines:
        raise SystemExit(f"the counts do not add up to {files.lines} lines: {counts}")


def show(result: dict[str, Any]) -> None:
    """Print one result for people."""
    counts = result["counts"]
    print(f"\n{result['form']}: {counts['rows_read']:,} rows of {result['file_mb']} MB")
    print(f"  {result['seconds']} s until points are posted: {result['rows_per_second']:,} rows/s")
    print(f"  {result['seconds_with_problems_workbook']} s until the problems workbook is written")
    print(f"  {counts['documents']:,} documents, {counts['points_awarded']:,} points")
    for kind, stages in result["stages"].items():
        print(f"  {kind} (summed over workers)")
        for name, value in stages.items():
            rate = f"{counts['rows_read'] / value:>12,.0f} rows/s" if name != "peak_mib" and value > 0.01 else ""
            print(f"    {name:<18}{value:>9.2f}{rate}")
    print(f"  peak memory of single processes, MiB: {result['peak_mib']}")
    parts = ", ".join(f"{name} {value}" for name, value in result["floor"].items())
    print(f"  floor: {result['floor_seconds']} s ({parts})")
    print(f"  ratio to floor: {result['ratio_to_floor']}")


if __name__ == "__main__":
    main()
