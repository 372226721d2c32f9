"""Finance's histories as files: rows and totals, frozen as they were read, and the same file made of them again."""

import csv
import datetime as dt
import hashlib
import re
import zoneinfo
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import Engine, create_engine, select, update

from app.config import Settings
from app.db.transaction import transaction
from app.domain.export_wish import Wish
from app.domain.measures.sharing import parts_of
from app.domain.program_file.definition import ProgramSettings
from app.domain.program_file.point_terms import PointTerms
from app.domain.states import ExportForm, ExportState, TaxStatus
from app.exports.histories import asking, reading, words
from app.exports.histories.making import Maker
from app.local.servers import Addresses
from app.models.distributors import Distributor
from app.models.exports import Export
from app.models.ledger import Account, Lot
from app.models.programs import Program
from app.services.ledger import lot_terms
from app.services.loads import invoicing
from prepaid.conversions import sending
from tests.prepaid.conftest import NOW, World
from tests.support import office

DAY = dt.date(2026, 11, 21)
LATER = NOW + dt.timedelta(hours=5)


@pytest.fixture(scope="module")
def sent(house: tuple[Settings, Addresses], engine: Engine) -> Iterator[World]:
    """A run that was answered: two rewards and a compensation are loaded, one failed, one more waits."""
    made = World(house[0], engine)
    made.refuse = {("B", "reward"): "card_blocked"}
    made.load().add("P", 10_000, TaxStatus.PRIVATE_PERSON, name="=HYPERLINK(1)").add("B", 31).add("A", 200)
    run = made.preview()
    made.approve(run)
    sending.send(made.registry, made.settings, made.provider, run.id, actor="cleo", now=NOW)
    made.add("OPEN", 100)
    made.preview()
    yield made
    made.registry.remove()


@pytest.fixture
def maker(sent: World) -> Maker:
    return Maker(sent.registry, sent.settings, lambda: LATER)


def wish(world: World, **more: Any) -> Wish:
    given = {"subject": "top_ups", "programs": [world.code], "from_on": DAY, "to_on": DAY} | more
    return Wish.model_validate(given)


def made(world: World, maker: Maker, **more: Any) -> Export:
    """Ask for an export, and make it."""
    with transaction(world.registry) as session:
        row = asking.ask(
            session, wish(world, **more), program_id=world.program_id, actor="fin", now=NOW, by_worker=False
        )
        number = row.id
    maker.make(number)
    return found(world, number)


def found(world: World, number: int) -> Export:
    with transaction(world.registry) as session:
        row = session.get_one(Export, number)
        session.refresh(row)
        session.expunge(row)
    return row


def path_of(world: World, export: Export) -> Path:
    return asking.file_path(world.settings.files, export)


def rows_of(world: World, export: Export) -> list[list[str]]:
    """Give the rows of a CSV."""
    with path_of(world, export).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, delimiter=";" if export.wish["language"] != "en" else ","))


def test_the_workbook_says_what_the_run_says(sent: World, maker: Maker) -> None:
    done = made(sent, maker)
    book = openpyxl.load_workbook(path_of(sent, done))
    assert book.sheetnames == ["Top-ups", "Totals", "About this file"]
    header, *rows, total = book["Top-ups"].iter_rows(values_only=True)
    cells = [dict(zip(header, row, strict=True)) for row in rows]
    assert [(one["Distributor code"], one["Kind"], one["Points"], one["Amount"], one["Status"]) for one in cells] == [
        ("A", "Reward", 200, 100, "Loaded"),
        ("B", "Reward", 31, 15.5, "Failed"),
        ("P", "Reward", 10_000, 5_000, "Loaded"),
        ("P", "Tax compensation", None, 556, "Loaded"),
        # what failed was converted again, and is open
        ("B", "Reward", 31, 15.5, "Reserved"),
        ("OPEN", "Reward", 100, 50, "Reserved"),
    ]
    assert cells[2]["Distributor"] == "=HYPERLINK(1)"
    assert book["Top-ups"]["D4"].data_type == "s"
    assert book["Top-ups"].freeze_panes == "A2"
    assert book["Top-ups"].auto_filter.ref == "A1:Q7"
    assert cells[0]["Date"].date() == DAY
    assert [one["Loaded"] for one in cells] == [100, 0, 5_000, 556, 0, 0]
    assert total[6:9] == (10_362, 5_737, 5_656)
    sums = {row[:3]: row[3:] for row in book["Totals"].iter_rows(values_only=True, min_row=2)}
    assert sums[("PLN", "Reward", "Loaded")] == (2, 10_200, 5_100, 5_100)
    assert sums[("PLN", "Tax compensation", "Loaded")] == (1, 0, 556, 556)
    said = dict(book["About this file"].iter_rows(values_only=True, min_row=2))
    assert said["Asked by"] == "fin"
    assert done.rows == 6
    assert done.sha256 == hashlib.sha256(path_of(sent, done).read_bytes()).digest()


def test_an_export_is_made_again_the_same_whatever_changed_meanwhile(sent: World, maker: Maker) -> None:
    done = [made(sent, maker, form=form.value, columns=["code", "name", "amount", "status"]) for form in ExportForm]
    with transaction(sent.registry) as session:
        of_a = (Distributor.program_id == sent.program_id) & (Distributor.code == "A")
        session.execute(update(Distributor).where(of_a).values(name="Another name"))
    for one in done:
        assert one.state is ExportState.MADE
        path_of(sent, one).unlink()  # as if somebody had cleared the folder
        assert maker.again(one.id, actor="auditor")
        assert hashlib.sha256(path_of(sent, one).read_bytes()).digest() == one.sha256
        assert (found(sent, one.id).again_same, found(sent, one.id).again_by) == (True, "auditor")
    kept = asking.kept_path(sent.settings.files, done[0])
    kept.write_bytes(kept.read_bytes() + b" ")
    assert not maker.again(done[0].id, actor="auditor")
    assert "Another name" in str(rows_of(sent, made(sent, maker, form="csv")))


def test_csv_comes_piece_by_piece_in_a_reader_s_language(
    sent: World, maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PIECE_ROWS", 2)
    header, *rows, total = rows_of(sent, made(sent, maker, form="csv"))
    assert header[:3] == ["Date", "Programme", "Distributor code"]
    assert rows[2][3] == "'=HYPERLINK(1)"
    assert [row[7] for row in rows] == ["100.00", "15.50", "5000.00", "556.00", "15.50", "50.00"]
    assert (total[0], *total[6:9]) == ("Total", "10362", "5737.00", "5656.00")
    polish = rows_of(sent, made(sent, maker, form="csv", language="pl"))
    assert polish[2][7] == "15,50"
    assert polish[2][1:3] == rows[1][1:3]


@pytest.mark.parametrize(
    ("narrowing", "amounts"),
    [
        ({"states": ["loaded"], "kinds": ["reward"]}, ["100.00", "5000.00"]),
        ({"distributors": ["b ", "OPEN"]}, ["15.50", "15.50", "50.00"]),
        ({"batches": [1 << 60]}, []),
        ({"sources": ["-"], "states": ["failed"]}, ["15.50"]),
        ({"sources": ["nobody"]}, []),
    ],
)
def test_rows_are_narrowed(sent: World, maker: Maker, narrowing: dict[str, Any], amounts: list[str]) -> None:
    done = made(sent, maker, form="csv", columns=["amount"], narrowing=narrowing)
    assert [row[0] for row in rows_of(sent, done)[1:-1]] == amounts
    assert sum(one["amounts"]["amount"] for one in done.sums) == sum(round(float(one) * 100) for one in amounts)


def test_every_history_adds_up_to_what_the_ledger_and_the_run_say(sent: World, maker: Maker) -> None:
    redeemed = made(sent, maker, subject="redemptions", form="csv")
    assert sum(one["rows"] for one in redeemed.sums) == 5
    by_state = {one["of"]["status"]: one["amounts"] for one in redeemed.sums}
    assert (by_state["loaded"]["amount"], by_state["loaded"]["loaded"]) == (510_000, 565_600)
    paid_back = made(sent, maker, subject="compensations", form="csv")
    assert [one["amounts"] for one in paid_back.sums] == [{"amount": 55_600, "loaded": 55_600}]
    assert rows_of(sent, paid_back)[1][6] == "5000.00"
    legs = made(sent, maker, subject="ledger", form="csv")
    assert sum(one["amounts"]["points"] for one in legs.sums) == 0, "what one account gives another one has"
    loaded = {one["of"]["kind"]: one["amounts"]["points"] for one in legs.sums if one["of"]["bucket"] == "redeemed"}
    assert loaded == {"settle": 10_200}


def test_what_a_run_noted_in_the_ledger_is_told_in_the_reader_s_language(sent: World, maker: Maker) -> None:
    def reasons(language: str) -> set[str]:
        legs = made(sent, maker, subject="ledger", form="csv", language=language, columns=["reason"])
        return {re.sub("[0-9]+", "N", row[0]) for row in rows_of(sent, legs)[1:-1]} - {""}

    assert {"Conversion run N", "Conversion run N: the load failed"} <= reasons("en")
    assert {"Wymiana punktów N", "Wymiana punktów N: doładowanie nie powiodło się"} <= reasons("pl")


INVOICING = {"fee_per_load": "0.99", "fee": 125, "vat": 2_300, "sources_pay": ["reward", "fee"]}


@pytest.fixture(scope="module")
def funded(house: tuple[Settings, Addresses], engine: Engine) -> Iterator[World]:
    """Points of one account that two sources fund besides the sponsor, in parts that divide nothing evenly."""
    made = World(house[0], engine)
    made.load().add("P", 0, TaxStatus.PRIVATE_PERSON).add("A", 200)
    for number, points in enumerate((3_333, 3_334, 3_337)):
        made.give("P", points, at=NOW + dt.timedelta(seconds=number))
    with transaction(made.registry) as session:
        program = session.get_one(Program, made.program_id)
        program.settings = program.settings | {
            "funding": {"sources": {"drills": "Drill Works", "tools": "Tool House"}},
            "invoicing": INVOICING,
        }
        terms = {code: lot_terms.keep(session, program.id, PointTerms(funded_by=code)) for code in ("drills", "tools")}
        lots = select(Lot.id, Lot.amount).join(Account, Account.id == Lot.account_id)
        amounts = dict(session.execute(lots.where(Account.program_id == program.id)).all())
    whole = create_engine(house[1].owner_url)  # the application itself can fund no lot anew
    with whole.begin() as owner:
        for lot, amount in amounts.items():
            code = {3_337: "drills", 3_334: "tools"}.get(amount)
            if code is not None:
                owner.execute(update(Lot).where(Lot.id == lot).values(terms_id=terms[code]))
    whole.dispose()
    run = made.preview()
    made.approve(run)
    sending.send(made.registry, made.settings, made.provider, run.id, actor="cleo", now=NOW)
    yield made
    made.registry.remove()


def test_who_pays_is_told_by_the_points_and_the_parts_add_up(funded: World) -> None:
    with transaction(funded.registry) as session:
        program = session.get_one(Program, funded.program_id)
        payers = {one.name: one for one in invoicing.to_invoice(session, program, DAY, DAY)}
        loads = invoicing.loads_of(session, program, DAY, DAY)
        terms = ProgramSettings.model_validate(program.settings).invoicing
    weights = [3_333, 3_337, 3_334]  # the sponsor, drills, tools: by code
    reward, fee, other = parts_of(500_200, weights), parts_of(99 + 6_253, weights), 99 + 125
    compensation = payers["Sponsor"].amounts["compensation"]
    assert compensation > 0
    fee_for_it = 99 + (compensation * 125 + 5_000) // 10_000
    found = {name: (one.points, one.amounts["reward"]) for name, one in payers.items()}
    assert found == {
        "Sponsor": (3_333 + 200, reward[0] + 10_000),
        "Drill Works": (3_337, reward[1]),
        "Tool House": (3_334, reward[2]),
    }
    both = parts_of(fee_for_it, weights)
    assert [payers[name].amounts["fee"] for name in ("Drill Works", "Tool House")] == [
        fee[1] + both[1],
        fee[2] + both[2],
    ]
    assert payers["Sponsor"].amounts["fee"] == fee[0] + both[0] + other
    assert payers["Drill Works"].amounts["compensation"] == 0, "only what the programme says sources pay"
    assert payers["Tool House"].vat == (payers["Tool House"].amounts["fee"] * terms.vat + 5_000) // 10_000
    whole = invoicing.together(list(payers.values()), loads)
    assert (whole.loads, sum(one.loads for one in payers.values())) == (3, 5), "several pay for one load"
    assert whole.amounts["reward"] == 510_200
    assert whole.total == sum(one.total for one in payers.values())


def test_a_load_has_the_fee_of_its_day(funded: World) -> None:
    """On the day of the loads another charge begins, and one ends; with no charge of that day the usual one holds."""
    before, after = (DAY + dt.timedelta(days=days) for days in (-1, 1))
    until_before = {"valid_from": "2026-01-01", "valid_until": str(before), "fee_per_load": "9.99", "vat": 2_300}
    from_day = {"valid_from": str(DAY), "valid_until": str(DAY), "fee_per_load": "2.00", "vat": 800}
    from_after = {"valid_from": str(after), "fee_per_load": "5.00"}
    for said, each, share, vat in (
        ([until_before, from_after], 99, 125, 2_300),
        ([until_before, from_day, from_after], 200, 0, 800),
    ):
        with transaction(funded.registry) as session:
            program = session.get_one(Program, funded.program_id)
            settings = program.settings
            program.settings = settings | {"invoicing": INVOICING | {"sources_pay": ["reward"], "fees": said}}
            session.flush()
            terms = ProgramSettings.model_validate(program.settings).invoicing
            found = {one.name: one for one in invoicing.to_invoice(session, program, DAY, DAY)}
            program.settings = settings
        assert (terms.on(DAY).fee_per_load * 100, terms.on(DAY).fee, terms.on(DAY).vat) == (each, share, vat)
        amounts = [found["Sponsor"].amounts["compensation"], 500_200, 10_000]
        fees = sum(each + (amount * share + 5_000) // 10_000 for amount in amounts)
        assert (found["Sponsor"].amounts["fee"], found["Sponsor"].vat) == (fees, (fees * vat + 5_000) // 10_000)
        assert found["Drill Works"].amounts["fee"] == 0
    assert [(one.from_on, one.to_on, one.charge.vat) for one in terms.within(before, after)] == [
        (before, before, 2_300),
        (DAY, DAY, 800),
        (after, after, 0),
    ]


def test_the_rows_to_invoice_come_to_what_the_page_says(funded: World) -> None:
    maker = Maker(funded.registry, funded.settings, lambda: LATER)
    done = made(funded, maker, subject="invoice", form="csv")
    with transaction(funded.registry) as session:
        payers = invoicing.to_invoice(session, session.get_one(Program, funded.program_id), DAY, DAY)
    for one in payers:
        mine = {s["of"]["item"]: s["amounts"]["amount"] for s in done.sums if s["of"]["payer"] == one.name}
        assert mine == {item: amount for item, amount in one.amounts.items() if amount}
    told = made(funded, maker, form="csv", columns=["code", "funded_by"], narrowing={"kinds": ["reward"]})
    assert dict(rows_of(funded, told)[1:]) == {"A": "Sponsor", "P": "Drill Works, Sponsor, Tool House"}
    of_tools = made(funded, maker, form="csv", columns=["code"], narrowing={"sources": ["tools"], "kinds": ["reward"]})
    assert rows_of(funded, of_tools)[1:] == [["P"]]


def test_a_spreadsheet_program_shows_the_same_totals(sent: World, maker: Maker, tmp_path: Path) -> None:
    path = path_of(sent, made(sent, maker, columns=["code", "points", "amount", "loaded"]))
    *_rows, total = openpyxl.load_workbook(path)["Top-ups"].iter_rows(values_only=True)
    assert total == ("Total", 10_362, 5_737, 5_656)
    header, *rows, last = office.shown(path, tmp_path)
    assert header == ["Distributor code", "Points", "Amount", "Loaded"]
    assert rows[1:4] == [
        ["B", "31", "15.50", "0.00"],
        ["P", "10,000", "5,000.00", "5,000.00"],
        ["P", "", "556.00", "556.00"],
    ]
    assert last == ["Total", "10,362", "5,737.00", "5,656.00"]


def test_what_cannot_be_asked_is_refused_and_what_cannot_be_made_says_why(
    sent: World, maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place, wrong in (
        ("programs", {"programs": ["nowhere"]}),
        ("columns", {"columns": ["secret"]}),
        ("language", {"language": "xx"}),
        ("states", {"narrowing": {"states": ["gone"]}}),
        ("distributors", {"narrowing": {"distributors": ["B", "NOBODY"]}}),
        ("narrowing", {"subject": "ledger", "narrowing": {"cards": ["1234"]}}),
    ):
        with pytest.raises(asking.WishRefused) as refused:
            made(sent, maker, **wrong)
        assert refused.value.place == place
    with pytest.raises(ValueError, match="before it begins"):
        wish(sent, to_on=dt.date(2026, 11, 20))
    monkeypatch.setattr("app.exports.histories.rendering.LONGEST_PDF", 3)
    long = made(sent, maker, form="pdf")
    assert (long.state, long.rows) == (ExportState.FAILED, 6)
    assert words.failure(long.failure or "", "en") == "6 rows are too many for a PDF. Take a workbook."


def test_programmes_of_several_currencies_have_no_common_total(
    sent: World, maker: Maker, worlds: Callable[[], World]
) -> None:
    other = worlds().load(currency="JPY", value="2", tax="{}", country="US").add("A", 3)
    other.preview()
    other.registry.remove()
    done = made(sent, maker, form="csv", programs=[sent.code, other.code], columns=["program", "amount", "currency"])
    rows = rows_of(sent, done)
    assert rows[-1] == [other.code, "6.00", "JPY"]
    assert {one["of"]["currency"] for one in done.sums} == {"PLN", "JPY"}


def test_days_are_those_of_the_programme_and_nothing_is_a_file_with_a_header(
    worlds: Callable[[], World], maker: Maker
) -> None:
    late = dt.datetime(2026, 11, 21, 23, 30, tzinfo=dt.UTC)  # the 22nd in Warsaw
    world = worlds().load().add("A", 100)
    world.preview(now=late)
    next_day = dt.date(2026, 11, 22)
    for form in ExportForm:
        assert made(world, maker, form=form.value).rows == 0
    assert rows_of(world, made(world, maker, form="csv"))[0][0] == "Date"
    assert made(world, maker, form="csv", from_on=next_day, to_on=next_day).rows == 1
    world.registry.remove()


@pytest.mark.parametrize("zone", ["Europe/Warsaw", "America/Vancouver", "Africa/Casablanca"])
def test_a_row_says_a_day_that_was_asked_for(worlds: Callable[[], World], maker: Maker, zone: str) -> None:
    """Rules of time zones are not the same everywhere: clocks of some change otherwise since 2026."""
    midnight = dt.datetime(2026, 11, 27, tzinfo=zoneinfo.ZoneInfo(zone)).astimezone(dt.UTC)
    world = worlds().load(time_zone=zone)
    for at, minutes in enumerate((-30, 30, 1_439, 1_470)):
        world.add(f"D{at}", 100, at=midnight)
        world.preview(now=midnight + dt.timedelta(minutes=minutes))
    day = dt.date(2026, 11, 27)
    export = made(world, maker, form="csv", columns=["day", "code"], from_on=day, to_on=day)
    assert rows_of(world, export)[1:] == [["2026-11-27", "D1"], ["2026-11-27", "D2"]]
    world.registry.remove()


def test_whoever_dies_before_the_file_is_written_leaves_rows_that_are_not_read_again(
    sent: World, maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, int, int]] = []
    with transaction(sent.registry) as session:
        asked = wish(sent, columns=["reference", "amount"])
        number = asking.ask(session, asked, program_id=sent.program_id, actor="fin", now=NOW, by_worker=False).id
    with monkeypatch.context() as broken:
        broken.setattr("app.exports.histories.rendering.write_workbook", _dies)
        with pytest.raises(KeyboardInterrupt):
            maker.make(number, lambda *one: told.append(one))
    half = found(sent, number)
    assert (half.state, half.rows, half.sha256) == (ExportState.ASKED, 6, None)
    assert told == [("reading", 0, 6), ("reading", 6, 6), ("writing", 0, 6)]
    told.clear()
    maker.make(number, lambda *one: told.append(one))
    assert told == [("writing", 0, 6)]
    assert (found(sent, number).state, found(sent, number).kept_sha256) == (ExportState.MADE, half.kept_sha256)
    maker.make(number)  # once more is nothing more
    assert found(sent, number).made_at == LATER
    assert [one.name for one in path_of(sent, half).parent.iterdir() if one.name.startswith(".")] == []


def _dies(*_given: object, **_more: object) -> None:
    raise KeyboardInterrupt
