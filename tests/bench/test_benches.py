"""Each benchmark runs, at a size that proves nothing but that, and tells what it measured."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.config import PROJECT
from app.local.servers import stop

LINES = "600"


def told(module: str, data: Path | None, *options: str) -> dict[str, Any]:
    kept = () if data is None else ("--data", str(data))
    done = subprocess.run(
        [sys.executable, "-m", module, "--json", "--lines", LINES, *kept, *options],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A folder for files and homes; not below pytest's own, which is closed to the servers of root."""
    made = Path(tempfile.mkdtemp(prefix="kontor-tests-"))
    made.chmod(0o711)
    yield made
    for servers in made.glob("*/servers"):
        stop(servers.parent)  # they end a moment after their last user, and would write into what is being removed
    shutil.rmtree(made)


def test_the_import_benchmark_tells_its_times_beside_the_floor(data: Path) -> None:
    result = told("bench.importing", data, "--form", "xlsb", "--parts", "times")
    assert (result["lines"], result["workers"]) == (600, 2)
    (run,) = result["runs"]
    assert run["counts"]["rows_read"] == 600
    assert run["ledger"]["ok"] is True
    assert run["ledger"]["transactions"] == run["counts"]["documents"] > 0
    assert 0 < run["seconds_until_posted"] <= run["seconds"]
    assert run["ratio_to_floor"] == pytest.approx(run["seconds"] / run["floor_seconds"], rel=0.5)
    assert run["floor"].keys() == {"read", "copy", "keys"}
    assert run["stages"].keys() == {"read", "shard", "finish"}
    for stage in run["stages"].values():
        assert stage.keys() == {"seconds", "rows_per_second", "peak_mib", "parts"}
        assert stage["peak_mib"] > 0
    assert run["largest_process_mib"] == max(run["peak_mib"].values())
    assert run["dry_run_share"] > 0


def test_the_document_benchmark_tells_how_long_documents_take(data: Path) -> None:
    result = told("bench.documents", data, "--documents", "20")
    assert result["lines_imported_meanwhile"] == 600
    assert result["alone"]["documents"] == 20
    for of in ("alone", "while_importing", "while_importing_any_distributor"):
        assert result[of].keys() == {"documents", "p50_ms", "p95_ms", "worst_ms"}
    assert {"p50_ms", "p95_ms", "target_p95_ms"} <= result.keys()
    assert result["alone"]["p50_ms"] <= result["alone"]["p95_ms"] <= result["alone"]["worst_ms"]


def test_the_promotions_benchmark_tells_what_a_changed_distributor_costs() -> None:
    result = told("bench.promotions", None)
    assert result["ledger_problems"] == []
    short, long = result["histories"]
    assert (short["lines"], long["lines"]) == (600, 2_400)
    for one in result["histories"]:
        assert one["changed_distributors"] > 0
        assert one["ms_per_changed_distributor"] > 0
        assert one["whole_seconds"] > 0


def test_the_verification_benchmark_tells_what_is_held_and_what_history_costs(data: Path) -> None:
    command = [sys.executable, "-m", "bench.verification", "--json", "--each", "1", "--documents", "60"]
    done = subprocess.run(
        [*command, "--history", "5000", "--data", str(data)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["labelled"]["honest"] > 1_000
    assert result["labelled"]["recall_bp"] > 9_000
    assert [result["speed"][name]["documents"] for name in ("tenth", "old", "large")] == [60] * 3
    assert result["speed"]["history_lines"] == 5_000


def test_the_simulation_benchmark_tells_its_ratio_to_the_floor(data: Path) -> None:
    result = told("bench.simulating", data)
    assert result["rules"] == 40
    assert 0 < result["lines"] <= 600
    assert result["floor"].keys() == {"reading", "arithmetic"}
    assert result["ratio_to_floor"] == pytest.approx(result["seconds"] / result["floor_seconds"], rel=0.5)
