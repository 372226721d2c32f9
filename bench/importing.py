"""`scripts/bench import`: a million lines from file to points posted, beside the floor measured in the same run.

The clock runs from the moment in which somebody asks until the batch is finished: every point posted, and the workbook
of the rows that did not count written. Beside that, in parts: what a dry run takes of it, four workers beside two, what
a line costs in a large file and in a tenth of it, how a page answers meanwhile, rarer forms of files, and a peer.
"""

import argparse
import json
import os
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.orm import Session

from app.db.transaction import transaction
from app.models.imports import ImportBatch
from app.models.jobs import Job
from app.models.sales import SalesDocument
from app.services.ledger import ledger_check
from bench import floor, import_parts, installation, peer
from bench.data import BenchFiles
from bench.watching import Memory, cpu_seconds
from importers.batches import batches


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="scripts/bench import", description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--form", choices=["csv", "xlsx", "xlsb", "both"], default="both")
    parser.add_argument(
        "--parts", type=_parts, default=PARTS, help=f"which, with commas between; all: {','.join(PARTS)}"
    )
    parser.add_argument("--data", type=Path, help="folder of the files; kept and used again")
    parser.add_argument("--json", action="store_true", dest="as_json")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = given.data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kontor-bench-files-")))
        forms = ["csv", "xlsx"] if given.form == "both" else [given.form]
        files = installation.made_files(folder, given.lines, [form for form in forms if form != "csv"])
        results = [run_one(files, form, dry_run=True) for form in forms] if "times" in given.parts else []
        found = import_parts.measure(folder, files, [one for one in given.parts if one in import_parts.PARTS])
        rarer = import_parts.rarer_files(folder, given.lines) if "forms" in given.parts else {}
        found["forms"] = [run_one(of, form) for form, of in rarer.items()]
        if "peer" in given.parts:
            found["peer"] = peer.measure(folder, files.folder / "sales.csv", results)
    if len({result["counts"]["points_awarded"] for result in results}) > 1:
        raise SystemExit("the two forms of one file gave different points")
    if given.as_json:
        told = {"lines": given.lines, "workers": installation.WORKERS, "runs": results, **found}
        print(json.dumps(told, indent=2))
    else:
        for result in [*results, *found.pop("forms")]:
            show(result)
        for name, part in found.items():
            print(f"\n{name}: " + ", ".join(f"{what.replace('_', ' ')} {value}" for what, value in part.items()))


PARTS = ("times", *import_parts.PARTS, "forms", "peer")


def _parts(text: str) -> tuple[str, ...]:
    chosen = tuple(text.split(","))
    if not set(chosen) <= set(PARTS):
        raise argparse.ArgumentTypeError(f"expected some of {', '.join(PARTS)}, found {text}")
    return chosen


def run_one(files: BenchFiles, form: str, *, dry_run: bool = False) -> dict[str, Any]:
    """Import one file into a fresh installation, prove what came of it, then measure the floor under it.

    ``dry_run`` says that the file is tried before it is imported, and what that takes of the import.
    """
    path = files.folder / f"sales.{form}"
    load_before = os.getloadavg()[0]
    tried = import_parts.imported(files, form=form, dry_run=True) if dry_run else None
    with installation.fresh(files) as run:
        with installation.workers(run) as workers:
            roots = [*workers, *installation.servers(run)]
            memory = Memory(roots)  # the benchmark's own process holds what it measured a floor with
            memory.start()
            spent = cpu_seconds(roots)
            asked = run.now()
            batch_id = installation.put_up(run, "sales", path, asked)
            progress = installation.wait_for(run, batch_id)
            spent = cpu_seconds(roots) - spent
            peak = memory.end()
        with transaction(run.registry) as session:
            times = _Times.of(session, batch_id)
            stages = _stages(session, batch_id, progress.counts["rows_read"])
            _compare(session, dict(progress.counts), files)
        with transaction(run.registry) as session:
            proof = ledger_check.check(session)
        if proof.problems:
            raise SystemExit(f"the ledger does not prove: {proof.problems}")
        reading = floor.read_seconds(path)
        owner = run.addresses.owner_url
        logged, bare = floor.load(owner, logged=True), floor.load(owner, logged=False)
    below = reading + logged.seconds
    return {
        "form": form,
        "file_mb": round(path.stat().st_size / 1e6, 1),
        "seconds": round(times.finished, 2),
        "seconds_until_posted": round(times.posted, 2),
        "rows_per_second": round(progress.counts["rows_read"] / times.finished),
        "cpu_seconds": round(spent, 1),
        "load_before": round(load_before, 2),
        "counts": dict(progress.counts),
        "ledger": {"ok": True, "transactions": proof.transactions, "entries": proof.entries},
        "stages": stages,
        "peak_mib": peak,
        # a worker's own record has what it held between two looks as well
        "largest_process_mib": max(*peak.values(), *(stage["peak_mib"] for stage in stages.values())),
        "floor": {"read": round(reading, 2), "copy": round(logged.copy, 2), "keys": round(logged.keys, 2)},
        "floor_seconds": round(below, 2),
        "ratio_to_floor": round(times.finished / below, 2),
        "dry_run_share": round(tried.seconds / times.finished, 2) if tried else None,
        "dry_run_share_of_cpu": round(tried.cpu_seconds / spent, 2) if tried else None,
        "ratio_until_posted": round(times.posted / below, 2),
        "floor_without_log_seconds": round(reading + bare.seconds, 2),
        "ratio_to_floor_without_log": round(times.finished / (reading + bare.seconds), 2),
    }


@dataclass(frozen=True)
class _Times:
    """Seconds from the asking until the last points were posted, and until the batch was finished."""

    posted: float
    finished: float

    @staticmethod
    def of(session: Session, batch_id: int) -> "_Times":
        asked, finished = session.execute(
            select(ImportBatch.created_at, ImportBatch.finished_at).where(ImportBatch.id == batch_id)
        ).one()
        assert finished is not None, "the import was waited for"
        posted = session.execute(
            select(func.max(Job.finished_at)).where(
                Job.kind == batches.SHARD, Job.payload["batch"].as_integer() == batch_id
            )
        ).scalar_one()
        return _Times((posted - asked).total_seconds(), (finished - asked).total_seconds())


def _stages(session: Session, batch_id: int, rows: int) -> dict[str, dict[str, Any]]:
    """Tell where the time of the import's jobs went, summed over workers: by kind of job, and by part of it.

    ``peak_mib`` is the largest size of a process that did such a job.
    """
    found: dict[str, dict[str, int]] = {}
    for kind, progress in session.execute(
        select(Job.kind, Job.progress).where(Job.payload["batch"].as_integer() == batch_id).order_by(Job.id)
    ):
        mine = found.setdefault(kind.removeprefix("import."), {})
        for name, value in progress.get("stages", {}).items():
            mine[name] = max(mine.get(name, 0), value) if name == "peak_kib" else mine.get(name, 0) + value
    stages: dict[str, dict[str, Any]] = {}
    for kind, parts in found.items():
        seconds = parts.pop("whole", 0) / 1e6
        stages[kind] = {
            "seconds": round(seconds, 2),
            "rows_per_second": round(rows / seconds) if seconds else None,
            "peak_mib": round(parts.pop("peak_kib", 0) / 1024),
            "parts": {name: round(value / 1e6, 3) for name, value in parts.items()},
        }
    return stages


def _compare(session: Session, counts: dict[str, int], files: BenchFiles) -> None:
    """Make sure that the import did its work: what is fast and wrong is not measured."""
    stored = session.execute(
        select(
            func.count(),
            cast(func.sum(SalesDocument.line_count), BigInteger),
            cast(func.sum(SalesDocument.net_minor), BigInteger),
        )
    ).one()
    expected = {
        "rows_read": files.lines,
        "documents": files.counted_documents,
        "lines_accepted": files.counted_lines,
        "lines_refused": files.refused_lines,
        "lines_held": files.lines - files.counted_lines - files.refused_lines,
        "duplicates": 0,
    }
    found = {name: counts[name] for name in expected}
    if found != expected or tuple(stored) != (files.counted_documents, files.counted_lines, files.counted_net_minor):
        raise SystemExit(f"the import is wrong: {found} and {tuple(stored)}, expected {expected} of {files}")


def show(result: dict[str, Any]) -> None:
    """Print one result for people."""
    counts = result["counts"]
    print(f"\n{result['form']}: {counts['rows_read']:,} rows of {result['file_mb']} MB")
    print(f"  {result['seconds']} s until the batch is finished: {result['rows_per_second']:,} rows/s")
    print(f"  {result['seconds_until_posted']} s until all points are posted")
    print(f"  {counts['documents']:,} documents, {counts['points_awarded']:,} points; the ledger proves")
    print(f"  {result['cpu_seconds']} s of processor time; load before: {result['load_before']}")
    for kind, stage in result["stages"].items():
        print(
            f"  {kind}: {stage['seconds']} s summed over workers, {stage['rows_per_second'] or 0:,} rows/s, "
            f"peak {stage['peak_mib']:,} MiB"
        )
        for name, value in stage["parts"].items():
            rate = f"{counts['rows_read'] / value:>14,.0f} rows/s" if value > 0.01 else ""
            print(f"    {name:<18}{value:>8.2f} s{rate}")
    print(f"  peak memory of single processes, MiB: {result['peak_mib']}")
    parts = ", ".join(f"{name} {value}" for name, value in result["floor"].items())
    print(f"  floor: {result['floor_seconds']} s ({parts}); without the log {result['floor_without_log_seconds']} s")
    if result["dry_run_share"]:
        shares = f"{result['dry_run_share']} of its seconds, {result['dry_run_share_of_cpu']} of its processor time"
        print(f"  the dry run before it: {shares}")
    print(f"  ratio to floor: {result['ratio_to_floor']}; without the log {result['ratio_to_floor_without_log']}")


if __name__ == "__main__":
    main()
