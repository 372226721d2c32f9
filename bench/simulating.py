"""`scripts/bench simulate`: a year of sales replayed under other rules, beside a floor measured in the same run.

The clock runs from the moment in which a worker takes the job until its sums stand together. The floor is what the same
machine needs at least: the same columns out of the same tables, and of the arithmetic what is bare of it: for each rule
a look-up of the product and of the distributor of each line, one division, one product, one sum.
"""

import argparse
import copy
import json
import os
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from sqlalchemy import select

from app.db.reading import reading
from app.db.transaction import transaction
from app.domain.measures.exact import Ints, sums_by
from app.domain.program_file.definition import ProgramFile
from app.domain.states import RulesOf
from app.extensions import db
from app.jobs import simulating
from app.jobs.worker import Bench, do_one
from app.models.jobs import Job
from app.models.scenarios import Scenario
from app.services.scenarios import asking, period, replaying
from app.services.setup import program_files, programs
from bench import installation
from bench.watching import Memory, cpu_seconds

RULES = 40
TARGET_SECONDS = 15.0
"""Of a million lines."""


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="scripts/bench simulate", description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=200_000)
    parser.add_argument("--data", type=Path, help="folder of the files and the installation; kept and used again")
    parser.add_argument("--json", action="store_true", dest="as_json")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = given.data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kontor-bench-files-")))
        result = measure(folder, given.lines, given.data / f"counted-{given.lines}" if given.data else None)
    if given.as_json:
        print(json.dumps(result, indent=2))
    else:
        show(result)


def measure(folder: Path, lines: int, home: Path | None) -> dict[str, Any]:
    """Replay an imported year under twice as many rules, then measure the floor. A home is kept for the next time."""
    files = installation.made_files(folder, lines)
    load_before = os.getloadavg()[0]
    with installation.counted(files, home) as run:
        with transaction(run.registry) as session:
            program = programs.program_by_code(session, "bench")
            days = asking.whole_period(session, program.id)
            assert days is not None, "sales were imported"
            drafted = asking.of_file(session, program, more_rules((folder / "programme.yaml").read_text()))
            made = asking.create(
                session, program, RulesOf.FILE, drafted, days, name="twice", actor="bench", now=run.now()
            )
            simulating.begin(session, made)
        memory = Memory([os.getpid()])
        memory.start()
        database = installation.servers(run)
        began, used, served = time.perf_counter(), time.process_time(), cpu_seconds(database)
        while do_one(Bench(run.registry, db.engine, run.settings.lease_seconds)):
            pass
        seconds = time.perf_counter() - began
        served, used = cpu_seconds(database) - served, time.process_time() - used
        peak = memory.end()
        with transaction(run.registry) as session:
            scenario = session.get_one(Scenario, made)
            if scenario.finished_at is None:
                raise SystemExit("the scenario was not finished")
            stages = session.scalars(select(Job.progress).where(Job.key == f"{simulating.REPLAY}:{made}")).one()[
                "stages"
            ]
            standing = simulating.standing_of(session, scenario, run.now())
        with reading(run.registry) as session:
            below, parts = _floor(session, session.get_one(Scenario, made))
    return {
        "lines": standing.lines,
        "rules": len(drafted.versions),
        "seconds": round(seconds, 2),
        "cpu_seconds": {"python": round(used, 2), "database": round(served, 2)},
        "lines_per_second": round(standing.lines / seconds),
        "stages": {name: round(value / 1e6, 2) for name, value in stages.items() if name != "peak_kib"},
        "largest_process_mib": max(peak.values(), default=0),
        "floor": parts,
        "floor_seconds": round(below, 2),
        "ratio_to_floor": round(seconds / below, 2),
        "seconds_of_a_million": round(seconds / standing.lines * 1e6, 1),
        "target_seconds_of_a_million": TARGET_SECONDS,
        "load_before": round(load_before, 2),
    }


def more_rules(text: str) -> ProgramFile:
    """Give the benchmark's programme with forty rules: its own, and those once more with other points."""
    document = yaml.safe_load(text)
    twice = copy.deepcopy(document["earning_rules"])
    for rule in twice:
        rule["code"] += "-more"
        if "points" in rule:
            rule["points"] = int(rule["points"]) + 1
    matrix = copy.deepcopy(document["matrices"][0]) | {"code": "matrix-more"}
    document["earning_rules"] += twice
    document["matrices"].append(matrix)
    return program_files.parse(yaml.safe_dump(document, sort_keys=False))


def _floor(session: Any, scenario: Scenario) -> tuple[float, dict[str, float]]:
    """Read the same columns, and do what is bare of the arithmetic."""
    plan = replaying.plan_of(session, scenario)
    reading_, computing = 0.0, 0.0
    for piece in _stretches(session, scenario):
        began = time.perf_counter()
        held = period.read(session, plan.program_id, piece, plan.texts)
        period.given(session, plan.program_id, piece, held, plan.versions)
        read = time.perf_counter()
        lines = held.sales.lines
        _bare(plan, lines.product_id, held.sales.documents.distributor_id[lines.document], lines.net_minor)
        reading_ += read - began
        computing += time.perf_counter() - read
    return reading_ + computing, {"reading": round(reading_, 2), "arithmetic": round(computing, 2)}


def _stretches(session: Any, scenario: Scenario) -> list[period.Stretch]:
    found = period.stretches(session, scenario.program_id, scenario.from_on, scenario.to_on)
    return [stretch for stretch, _lines in found]


def _bare(plan: replaying.Plan, product: Ints, distributor: Ints, amount: Ints) -> None:
    catalogue = plan.book.catalogue
    products = np.searchsorted(catalogue.product_ids, product)
    distributors = np.searchsorted(catalogue.distributor_ids, distributor)
    every_product = np.ones(len(catalogue.product_ids), dtype=bool)
    everybody = np.ones(len(catalogue.distributor_ids), dtype=bool)
    for rule in plan.book.rules:
        of_products = rule.scope.products if rule.scope.products is not None else every_product
        of_people = rule.scope.distributors if rule.scope.distributors is not None else everybody
        line = np.flatnonzero(of_products[products] & of_people[distributors])
        sums_by(products[line], amount[line] // 1_000 * 2, len(every_product))


def show(result: dict[str, Any]) -> None:
    """Print the figures for people."""
    print(f"{result['lines']:,} lines x {result['rules']} rules: {result['seconds']:.2f} s", end="")
    print(f" ({result['lines_per_second']:,} lines/s, {result['largest_process_mib']} MiB)")
    print(f"  a million lines at this pace: {result['seconds_of_a_million']} s, aim {TARGET_SECONDS:.0f} s")
    cpu = result["cpu_seconds"]
    print(f"  processor time: Python {cpu['python']} s, database {cpu['database']} s; they run at once")
    print(f"  floor: reading {result['floor']['reading']} s, arithmetic {result['floor']['arithmetic']} s", end="")
    print(f"; ratio {result['ratio_to_floor']}; load before {result['load_before']}")
    print(f"  stages: {result['stages']}")


if __name__ == "__main__":
    main()
