"""Workers, PostgreSQL and Valkey die while sales are imported: nothing is lost and nothing is counted twice.

``KONTOR_FAULTS=long`` runs the storm that was promised: 50,000 lines, 50 killed workers, PostgreSQL stopped at once
twice and killed once, Valkey emptied twice and killed once. ``KONTOR_SEED`` draws the same moments again.
"""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import func, select

from app.db.transaction import transaction
from app.models.jobs import Job
from tests.faults import storm
from tests.faults.books import books_of, prove
from tests.faults.conftest import Calm
from tests.faults.house import House
from tests.faults.reports import Report, bench_report, demo_report
from tests.faults.storm import Storm
from tests.faults.workforce import Workforce

LONG = os.environ.get("KONTOR_FAULTS") == "long"
SHORT = (*[storm.KILL] * 8, storm.ORPHAN, storm.FREEZE, storm.KILL_POSTGRES, storm.EMPTY_VALKEY)
WHOLE = (
    *(*[storm.KILL] * 35, *[storm.KILL_WORKER] * 15, *[storm.ORPHAN] * 5, *[storm.FREEZE] * 3),
    *(storm.STOP_POSTGRES, storm.STOP_POSTGRES, storm.KILL_POSTGRES),
    *(storm.EMPTY_VALKEY, storm.EMPTY_VALKEY, storm.KILL_VALKEY),
)


@dataclass(frozen=True)
class Weather:
    """What is imported (perhaps the year's report), in shards of how many lines, and what happens meanwhile."""

    report: Callable[[Report, Path], Report]
    shard_lines: int
    faults: Sequence[str]


WEATHERS = {"10,000 lines": Weather(lambda year, _: year, 100, SHORT)}
if LONG:
    WEATHERS = {
        "50,000 lines with returns": Weather(lambda _, folder: demo_report(folder, years=5), 500, WHOLE),
        "50,000 lines": Weather(lambda _, folder: bench_report(folder, lines=50_000), 500, WHOLE),
    }


@pytest.mark.slow
@pytest.mark.parametrize("weather", WEATHERS.values(), ids=WEATHERS)
def test_an_import_in_a_storm_loses_nothing_and_doubles_nothing(
    house: House, calm: Calm, year: Report, weather: Weather, tmp_path: Path
) -> None:
    seed = int(os.environ.get("KONTOR_SEED") or Random().randrange(10**6))
    print(f"seed {seed}")
    drawn = Random(seed)
    report = weather.report(year, tmp_path)
    waits = report.program == calm.report.program
    make_site = calm.site if waits else house.site
    with make_site(tmp_path / "home", shard_lines=weather.shard_lines, lease_seconds=1.5, sweep_seconds=0.5) as site:
        for code in () if waits else ("other", "tried"):
            site.open(report, code)
        whole = books_of(site, "other", site.undisturbed("other", report.sales))
        with Workforce(site, workers=3 if LONG else 2) as workforce:
            raging = Storm(house, site, workforce, drawn)
            batch = site.take_in("tried", "sales", report.sales)
            ended = raging.rage(batch, storm.forecast(drawn, weather.faults), patience=1_800 if LONG else 480)
            workforce.wait_until_idle()
        prove(site, "tried", batch, whole)
        with transaction(site.registry) as session:
            jobs, claims, failures = session.execute(
                select(func.count(), func.sum(Job.token), func.sum(Job.failures)).where(
                    Job.payload["batch"].as_integer() == batch
                )
            ).one()
        print(
            f"{whole.counts['rows_read']} rows in {ended.seconds:.0f} s: {dict(raging.happened)}; {jobs} jobs claimed "
            f"{claims} times, {failures} failures, {workforce.replaced} processes replaced"
        )
        assert raging.happened == Counter(weather.faults)
        assert claims > jobs
