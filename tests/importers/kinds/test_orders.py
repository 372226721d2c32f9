"""Codes of vouchers and numbers of parcels come from files."""

import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.db.transaction import transaction
from app.domain.measures.calendar import local_date
from app.domain.states import OrderState, SupplierFileState
from app.exports import supplier_orders
from app.models.imports import ImportBatch
from app.models.orders import OrderLine, RewardOrder, SupplierFile, VoucherCode
from app.models.people import AuditEvent
from app.models.programs import Program
from app.models.rewards import Reward
from importers.batches.store import BatchFiles
from tests.importers.driver import Desk
from tests.support.programs import NOW
from tests.support.sales import Sold, sell
from tests.support.shop import BEN, VOUCHER, Shop

CODES = {"columns": {"reward": "reward", "code": "code", "until": "until"}, "dates": "dmy"}
PARCELS = {
    "columns": {
        "order": "Order",
        "reward": "Reward",
        "carrier": "Carrier",
        "tracking": "Tracking",
        "shipped_on": "Shipped",
        "delivered_on": "Delivered",
    },
    "dates": "%d.%m.%Y",
}


def _with_a_voucher(desk: Desk, *goods: str) -> None:
    """Have a voucher called gift, whose codes come from files, beside some goods."""
    desk.load(import_profiles={"vouchers": CODES})
    people = desk.people("D1")
    with transaction(desk.registry) as session:
        shop = Shop(session, session.get_one(Program, desk.program_id), people["D1"])
        shop.reward("gift", 50, kind=VOUCHER)
        for one in goods:
            shop.reward(one, 50)


def test_a_file_of_codes_whose_reader_was_killed_too_early_goes_with_the_end_of_its_import(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with_a_voucher(desk)
    unlink = Path.unlink

    def by_the_reader_never(path: Path, missing_ok: bool = False) -> None:
        if path.name != "original" or missing_ok:
            unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", by_the_reader_never)
    found = desk.run(desk.csv(("gift", "SECRET-1", None), header=("reward", "code", "until")), "vouchers")
    files = BatchFiles(desk.app.extensions["kontor"]["settings"].files, found.batch_id)
    assert files.original.name == "original"
    assert not files.original.exists()


def test_codes_are_sealed_and_their_file_is_gone(desk: Desk) -> None:
    _with_a_voucher(desk, "mug")
    file = desk.csv(
        ("gift", "SECRET-1", None),
        ("GIFT", "SECRET-2", "31.12.2027"),
        ("mug", "SECRET-3", None),
        ("cup", "SECRET-4", None),
        header=("reward", "code", "until"),
    )
    found = desk.run(file, "vouchers")
    assert found.counts["created"] == 2
    assert desk.codes(found) == {4: ("refused", "not_a_voucher"), 5: ("held", "unknown_reward")}
    assert "SECRET" not in repr(desk.problems(found.batch_id))
    files = BatchFiles(desk.app.extensions["kontor"]["settings"].files, found.batch_id)
    assert not files.original.exists()
    for kept in files.folder.iterdir():
        assert b"SECRET" not in kept.read_bytes(), kept.name
    again = desk.run(desk.csv(("gift", "SECRET-1", None), header=("reward", "code", "until")), "vouchers")
    assert (again.counts["created"], again.counts["duplicates"]) == (0, 1)
    with transaction(desk.registry) as session:
        mine = select(VoucherCode).join(Reward).where(Reward.program_id == desk.program_id)
        kept_codes = session.scalars(mine).all()
        assert sorted(one.usable_until or "" for one in kept_codes) == ["", "2027-12-31"]
        assert not any("SECRET" in one.sealed for one in kept_codes)


def test_a_check_and_a_refused_file_keep_no_code_either(desk: Desk) -> None:
    _with_a_voucher(desk)
    checked = desk.csv(("gift", "SECRET-1", None), header=("reward", "code", "until"))
    desk.run(checked, "vouchers", dry_run=True)
    desk.refused(desk.csv(("gift", "SECRET-2", None), header=("this", "and", "that")), "vouchers")
    with transaction(desk.registry) as session:
        ids = session.scalars(select(ImportBatch.id).where(ImportBatch.program_id == desk.program_id)).all()
    assert len(ids) == 2
    for batch_id in ids:
        files = BatchFiles(desk.app.extensions["kontor"]["settings"].files, batch_id)
        assert not any(b"SECRET" in kept.read_bytes() for kept in files.folder.rglob("*") if kept.is_file())
    assert desk.run(checked, "vouchers").counts["created"] == 1


def test_the_last_day_of_a_code_is_a_day(desk: Desk) -> None:
    _with_a_voucher(desk)
    rows = [("gift", "SECRET-1", "soon"), ("gift", "SECRET-2", "31.02.2027"), ("gift", "SECRET-3", "2027-05-31")]
    found = desk.run(desk.csv(*rows, header=("reward", "code", "until")), "vouchers")
    assert desk.codes(found) == {2: ("refused", "not_a_date"), 3: ("refused", "not_a_date")}
    assert found.counts["created"] == 1
    assert "SECRET" not in repr(desk.problems(found.batch_id))


def test_what_a_spreadsheet_left_of_a_code_is_shown_to_nobody(desk: Desk) -> None:
    _with_a_voucher(desk)
    cells = [12345678901234567890, dt.datetime(2026, 1, 2, tzinfo=dt.UTC).replace(tzinfo=None), "S" * 300]
    found = desk.run(
        desk.xlsx(*(("gift", cell, None) for cell in cells), header=("reward", "code", "until")), "vouchers"
    )
    told = desk.problems(found.batch_id)
    codes = [said[0]["code"] for _, said in told.values()]
    assert codes == ["digits_lost", "day_for_code", "no_such_value"]
    assert {said[0]["found"] for _, said in told.values()} == {"'•••'"}


def test_a_code_whose_last_day_is_over_is_refused(desk: Desk) -> None:
    _with_a_voucher(desk)
    today = local_date(desk.clock(), "Europe/Warsaw")
    rows = [("gift", f"SECRET-{at}", f"{today + dt.timedelta(days=at - 1):%d.%m.%Y}") for at in range(3)]
    found = desk.run(desk.csv(*rows, header=("reward", "code", "until")), "vouchers")
    assert desk.codes(found) == {2: ("refused", "code_over")}
    assert found.counts["created"] == 2


def test_a_supplier_gets_a_file_and_its_answer_moves_the_lines(desk: Desk) -> None:
    desk.load(import_profiles={"shipments": PARCELS})
    people, goods = desk.people("D1"), desk.goods(P=None)
    with transaction(desk.registry) as session:
        program = session.get_one(Program, desk.program_id)
        sell(session, program, [Sold("F", people["D1"], goods["P"], 1, 10_000_00)])
        shop = Shop(session, program, people["D1"])
        shop.reward("mug", 10, supplier="Ace", name="=cmd()")
        shop.reward("cap", 10, supplier="Bee")
        first, second = shop.order({"mug": 2, "cap": 1}), shop.order({"mug": 1})
        assert supplier_orders.waiting(session, program.id) == [("Ace", 2), ("Bee", 1)]
        made = supplier_orders.write(session, program, "Ace", actor=BEN, now=NOW)
        assert (made.lines, supplier_orders.waiting(session, program.id)) == (2, [("Bee", 1)])
        assert supplier_orders.mark_sent(session, program, made.id, actor=BEN, now=NOW)
        file_id = made.id
    header = ("Order", "Reward", "Carrier", "Tracking", "Shipped", "Delivered")
    answer = desk.csv(
        (str(first), "mug", "Post", "RR1", "20.11.2026", None),
        (str(second), "MUG", "Post", "RR2", "20.11.2026", "21.11.2026"),
        (str(first), "cap", "Post", "RR3", "20.11.2026", None),
        ("999999999", "mug", "Post", "RR4", None, None),
        header=header,
    )
    found = desk.run(answer, "shipments")
    assert found.counts["changed"] == 2
    assert desk.codes(found) == {4: ("refused", "not_to_ship"), 5: ("held", "unknown_order")}
    with transaction(desk.registry) as session:
        lines = session.execute(
            select(OrderLine.tracking, OrderLine.state)
            .where(OrderLine.supplier == "Ace")
            .order_by(OrderLine.order_id)
            .join(RewardOrder)
            .where(RewardOrder.program_id == desk.program_id)
        ).all()
        assert [tuple(one) for one in lines] == [("RR1", OrderState.SHIPPED), ("RR2", OrderState.DELIVERED)]
        assert session.get_one(SupplierFile, file_id).state is SupplierFileState.CLOSED
        count = select(func.count()).select_from(SupplierFile).where(SupplierFile.program_id == desk.program_id)
        assert session.scalar(count) == 1
    again = desk.run(answer, "shipments")
    assert (again.counts["changed"], again.counts["duplicates"]) == (0, 2)


def test_another_number_of_a_parcel_corrects_it_and_a_day_of_delivery_stays(desk: Desk) -> None:
    desk.load(import_profiles={"shipments": PARCELS})
    people, goods = desk.people("D1"), desk.goods(P=None)
    with transaction(desk.registry) as session:
        program = session.get_one(Program, desk.program_id)
        sell(session, program, [Sold("F", people["D1"], goods["P"], 1, 10_000_00)])
        shop = Shop(session, program, people["D1"])
        for code in ("mug", "cap", "cup"):
            shop.reward(code, 10, supplier="Ace")
        order = shop.order({"mug": 1, "cap": 1, "cup": 1})
        made = supplier_orders.write(session, program, "Ace", actor=BEN, now=NOW)
        supplier_orders.mark_sent(session, program, made.id, actor=BEN, now=NOW)
    header = ("Order", "Reward", "Carrier", "Tracking", "Shipped", "Delivered")

    def run(*rows: tuple[str | None, ...]) -> tuple[int, int, dict[int, tuple[str, str]]]:
        found = desk.run(desk.csv(*((str(order), *row) for row in rows), header=header), "shipments")
        return found.counts["changed"], found.counts["duplicates"], desk.codes(found)

    def parcels() -> list[tuple[object, ...]]:
        columns = (OrderLine.carrier, OrderLine.tracking, OrderLine.state)
        with transaction(desk.registry) as session:
            lines = session.execute(select(*columns).where(OrderLine.order_id == order).order_by(OrderLine.position))
            return [tuple(line) for line in lines]

    assert run(("mug", "Post", "RR1", "20.11.2026", None), ("cap", "Post", "RR2", "20.11.2026", None))[0] == 2
    assert run(("mug", "Post", "RR9", None, None), ("cap", None, "RR2", None, None)) == (1, 1, {})
    assert parcels()[:2] == [("Post", "RR9", OrderState.SHIPPED), ("Post", "RR2", OrderState.SHIPPED)]
    with transaction(desk.registry) as session:
        mine = select(AuditEvent.before, AuditEvent.after).where(
            AuditEvent.program_id == desk.program_id, AuditEvent.action == "order.ship"
        )
        (noted,) = (one for one in session.execute(mine) if one.before)
    assert [one["tracking"] for one in noted] == ["RR1", "RR9"]
    assert run(("mug", "DHL", "RR7", None, "21.11.2026")) == (1, 0, {}), "what arrives may correct its parcel as well"
    assert run(("mug", "DHL", "RR7", None, "21.11.2026"), ("mug", "DHL", "RR7", None, "21.11.2026"))[:2] == (0, 2)
    assert run(("mug", "DHL", "RR8", None, "21.11.2026")) == (1, 0, {})
    assert run(("cup", "Post", None, None, "21.11.2026"))[0] == 1
    assert run(("cup", "Post", None, None, "21.11.2026")) == (0, 1, {}), "a carrier alone is kept as well"
    other = run(("mug", "DHL", "RR8", None, "20.11.2026"))
    assert other == (0, 0, {2: ("refused", "delivered_before")})
    assert parcels()[0] == ("DHL", "RR8", OrderState.DELIVERED)
    to_come = f"{desk.clock() + dt.timedelta(days=2):%d.%m.%Y}"
    assert run(("mug", "DHL", "RR8", None, to_come)) == (0, 0, {2: ("refused", "issued_later")})
