"""Since when a distributor takes part comes from its file; the order of its dates is proved or asked, never guessed."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, get_args

import pytest
from sqlalchemy import select

from app.config import Settings
from app.db.transaction import transaction
from app.domain.program_file.import_profile import KindOfFile
from app.domain.states import BatchStatus
from app.domain.typed.fields import KINDS
from app.models.distributors import Distributor
from importers.files.guard import judge
from importers.files.limits import Limits
from importers.layout.looks.proposing import Unanswered, propose
from importers.reading.reading import look_at
from tests.importers.driver import Desk

HEADER = ("Kod", "Nazwa", "W programie od", "Urodziny")
COLUMNS = {"code": "Kod", "name": "Nazwa", "enrolled_on": "W programie od", "birthday": "Urodziny"}


def proposed(desk: Desk, kind: str, header: Sequence[str], *rows: Sequence[str]) -> dict[str, Any]:
    """Give the profile that a look at a file proposes."""
    path = desk.csv(*rows, header=header)
    seen = look_at(judge(path, path.name, Limits.of(Settings()), ["pl"]), path.name, kind)
    return propose(seen).model_dump(mode="json", by_alias=True)


def days(desk: Desk) -> Mapping[str, tuple[dt.date, dt.date | None]]:
    with transaction(desk.registry) as session:
        rows = session.execute(
            select(Distributor.code, Distributor.enrolled_on, Distributor.birthday_on).where(
                Distributor.program_id == desk.program_id
            )
        )
        return {code: (enrolled, birthday) for code, enrolled, birthday in rows}


def test_a_distributor_takes_part_since_the_day_that_its_file_says(desk: Desk) -> None:
    desk.load(import_profiles={"distributors": {"columns": COLUMNS, "dates": "found"}})
    rows = [
        ("D1", "North", "21.04.2020", "03.04.1980"),
        ("D2", "South", None, None),
        ("D3", "East", "30.02.2021", None),
    ]
    found = desk.run(desk.csv(*rows, header=HEADER), "distributors")
    assert desk.codes(found) == {4: ("refused", "not_a_date")}
    today = desk.clock().date()
    # the birthday could be of March; the column beside it, which the same program wrote, proves that it is of April
    assert days(desk) == {"D1": (dt.date(2020, 4, 21), dt.date(1980, 4, 3)), "D2": (dt.date(2026, 1, 1), None)}
    assert dt.date(2026, 1, 1) < today
    again = desk.csv(("D1", "North", None, None), ("D2", "South", "2019-01-31", None), header=HEADER)
    assert desk.run(again, "distributors").counts["changed"] == 1
    assert {code: one[0] for code, one in days(desk).items()} == {
        "D1": dt.date(2020, 4, 21),
        "D2": dt.date(2019, 1, 31),
    }


def test_a_birthday_with_two_digits_for_its_year_is_over(desk: Desk) -> None:
    desk.load(import_profiles={"distributors": {"columns": COLUMNS, "dates": "dmy"}})
    born = {"D1": "15.01.65", "D2": "15.01.1965", "D3": "15.01.10", "D4": "29-lut-68", "D5": "15.01.2065"}
    desk.run(desk.csv(*((code, "North", None, day) for code, day in born.items()), header=HEADER), "distributors")
    found = {code: one[1].year for code, one in days(desk).items() if one[1] is not None}
    assert found == {"D1": 1965, "D2": 1965, "D3": 2010, "D4": 1968, "D5": 2065}


def test_an_order_that_nothing_proves_is_asked_and_one_that_contradicts_itself_as_well(desk: Desk) -> None:
    desk.load(import_profiles={"distributors": {"columns": COLUMNS, "dates": "found"}})
    for enrolled, birthday, asked in (
        ("03/04/2020", "05/06/1980", "Urodziny"),
        ("21/04/2020", "06/25/1980", "Urodziny"),
    ):
        batch = desk.start(desk.csv(("D1", "North", enrolled, birthday), header=HEADER), "distributors")
        desk.work()
        found = desk.progress(batch)
        assert found.status is BatchStatus.FAILED
        assert asked in str(found.message)
    assert days(desk) == {}


@pytest.mark.parametrize(
    ("kind", "header", "row", "columns"),
    [
        ("distributors", HEADER, ("D1", "North", "21.04.2020", "03.04.1980"), COLUMNS),
        (
            "events",
            ("Kod klienta", "Zdarzenie", "Data"),
            ("D1", "training", "21.04.2026"),
            {"distributor": "Kod klienta", "event": "Zdarzenie", "on": "Data"},
        ),
    ],
)
def test_columns_of_days_are_seen_and_read_in_their_order(
    desk: Desk, kind: str, header: Sequence[str], row: Sequence[str], columns: Mapping[str, str]
) -> None:
    desk.load()
    found = proposed(desk, kind, header, row)
    assert (found["columns"], found["dates"]) == (columns, "dmy")
    swapped = [cell.replace("21.", "03.") for cell in row]
    with pytest.raises(Unanswered):
        proposed(desk, kind, header, swapped)


def test_a_profile_may_be_of_every_kind_of_file() -> None:
    assert set(get_args(KindOfFile)) == set(KINDS)


def test_who_is_new_takes_part_since_the_programmes_first_day_until_something_is_sold(desk: Desk) -> None:
    desk.load(import_profiles={"distributors": {"columns": COLUMNS}})
    found = desk.run(desk.csv(("D1", "North", None, None), header=HEADER), "distributors")
    assert list(found.warnings) == [{"code": "enrolled_since_the_start", "from_on": "2026-01-01"}]
    desk.load()
    desk.goods(P1=None)
    desk.run(desk.csv(("FV/1", "2026-03-01", "D1", "P1", "1", "10.00")))
    desk.load(import_profiles={"distributors": {"columns": COLUMNS}})
    found = desk.run(desk.csv(("D2", "South", None, None), header=HEADER), "distributors")
    assert list(found.warnings) == []
    assert {code: one[0] for code, one in days(desk).items()} == {
        "D1": dt.date(2026, 1, 1),
        "D2": desk.clock().date(),
    }


def test_tax_ids_that_cannot_be_are_noticed_and_stay(desk: Desk) -> None:
    desk.load(import_profiles={"distributors": {"columns": {"code": "Kod", "name": "Nazwa", "tax_id": "NIP"}}})
    numbers = ("526-000-12-46", "5260001247", None, "DE123456789", "526")
    rows = [(f"D{at}", "North", one) for at, one in enumerate(numbers)]
    found = desk.run(desk.csv(*rows, header=("Kod", "Nazwa", "NIP")), "distributors", dry_run=True)
    assert list(found.warnings)[:1] == [
        {"code": "tax_ids_cannot_be", "count": 3, "found": "3: 5260001247, 5: DE123456789, 6: 526"}
    ]
    assert found.counts["lines_accepted"] == 5


def test_a_country_is_kept_by_its_letters_and_its_rules_judge_the_tax_id(desk: Desk) -> None:
    columns = {"code": "Kod", "name": "Nazwa", "tax_id": "NIP", "country": "Kraj"}
    desk.load(import_profiles={"distributors": {"columns": columns}})
    told = [("5260001247", "Polska"), ("136695976", "Niemcy"), ("5260001247", "Bawaria"), (None, None)]
    rows = [(f"D{at}", "North", *one) for at, one in enumerate(told)]
    found = desk.run(desk.csv(*rows, header=("Kod", "Nazwa", "NIP", "Kraj")), "distributors")
    assert list(found.warnings)[:2] == [
        {"code": "tax_ids_cannot_be", "count": 1, "found": "2: 5260001247"},
        {"code": "countries_unknown", "count": 1, "found": "4: Bawaria"},
    ]
    with transaction(desk.registry) as session:
        kept = session.execute(
            select(Distributor.code, Distributor.country).where(Distributor.program_id == desk.program_id)
        ).all()
    assert dict(tuple(one) for one in kept) == {"D0": "PL", "D1": "DE", "D2": "Bawaria", "D3": None}
    again = desk.run(desk.csv(("D0", "North", None, "PL"), header=("Kod", "Nazwa", "NIP", "Kraj")), "distributors")
    assert again.counts["changed"] == 0, "the same country, called otherwise"


def test_whom_a_sales_report_makes_known_takes_part_since_the_start_until_something_is_sold(desk: Desk) -> None:
    desk.profile(unknown_distributor="create", unknown_product="create")
    desk.run(desk.csv(("A", "2026-01-02", "D1", "P1", 1, "100.00"), ("B", "2026-01-03", "D2", "P1", 1, "100.00")))
    desk.run(desk.csv(("C", "2026-01-04", "D3", "P1", 1, "100.00")))
    today, start = desk.clock().date(), dt.date(2026, 1, 1)
    assert {code: one[0] for code, one in days(desk).items()} == {"D1": start, "D2": start, "D3": today}
