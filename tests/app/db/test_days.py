"""Days of instants are those that Python tells, whatever rules of time zones the database brings."""

import datetime as dt
import random
import zoneinfo
from collections.abc import Iterator

import pytest
from sqlalchemy import DateTime, Engine, create_engine, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.db.days import day_there
from app.domain.measures.calendar import local_date, midnight
from app.local.servers import Addresses

ZONES = ("Europe/Warsaw", "America/Vancouver", "America/Edmonton", "Africa/Casablanca", "Asia/Kolkata", "UTC")
SECOND = dt.timedelta(seconds=1)


@pytest.fixture(scope="module")
def engine(addresses: Addresses) -> Iterator[Engine]:
    made = create_engine(addresses.database_url)
    yield made
    made.dispose()


@pytest.mark.parametrize("zone", [*ZONES, *random.Random(7).sample(sorted(zoneinfo.available_timezones()), 12)])
def test_days_begin_and_end_at_their_midnights(engine: Engine, zone: str) -> None:
    dice = random.Random(zone)
    days = [dt.date(2015, 1, 1) + dt.timedelta(dice.randrange(6_000)) for _ in range(150)]
    days += [dt.date(2026, 1, 1) + dt.timedelta(7 * at) for at in range(80)]
    edges = [midnight(day, zone).astimezone(dt.UTC) for day in days]
    instants = [one + off for one in edges for off in (-SECOND, dt.timedelta(0), SECOND)]
    given = func.unnest(literal(instants, ARRAY(DateTime(timezone=True)))).column_valued("given")
    with engine.connect() as connection:
        found = dict(connection.execute(select(given, day_there(given, zone))).all())
        nothing = connection.scalar(select(day_there(literal(None, DateTime(timezone=True)), zone)))
    assert [found[one] for one in instants] == [local_date(one, zone) for one in instants]
    assert nothing is None
