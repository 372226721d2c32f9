"""An import of products or distributors is undone: what is used stays and is told, the rest is as it was before."""

from dataclasses import replace
from typing import Any, cast

import pytest
from sqlalchemy import event, func, select, text, update

import importers.undoing.things
from app.db.transaction import transaction
from app.domain.states import BatchStatus, ImportedThing, JobState
from app.extensions import db
from app.jobs import worker
from app.models.distributors import Distributor
from app.models.imports import ImportChange
from app.models.jobs import Job
from app.models.ledger import Account
from app.models.people import AuditEvent
from app.models.programs import Program
from app.services.imported import uses
from app.services.imported.standing import BROUGHT, KINDS, standings
from app.services.participants import distributors
from importers.batches import batches
from importers.batches.batches import Progress
from importers.undoing import sales as undoing
from importers.undoing.sales import CannotUndo
from tests.importers.driver import Desk

PRODUCTS = ("code", "name", "group", "parent", "ean", "from")
DISTRIBUTORS = ("code", "name", "head", "group", "tier", "tax", "city")
PROFILES = {
    "products": {
        "columns": {"code": "code", "name": "name", "group": "group", "parent_group": "parent", "ean": "ean"}
        | {"group_from": "from"}
    },
    "distributors": {
        "columns": {"code": "code", "name": "name", "head_office": "head", "group": "group", "tier": "tier"}
        | {"tax_status": "tax", "city": "city"}
    },
}


@pytest.fixture
def shop(desk: Desk) -> Desk:
    desk.document["import_profiles"] |= PROFILES
    desk.document["distributor_groups"] = [{"code": "north", "name": "North"}, {"code": "south", "name": "South"}]
    return desk.reload()


OF_THE_PROGRAMME = {"wallets", "product_group tools", "product_group drills"}


def all_of(desk: Desk) -> dict[str, Any]:
    """Give all that imports of products and distributors may change, as it stands."""
    with transaction(desk.registry) as session:
        found = {
            f"{thing} {one.code}": one.values
            for thing, kind in KINDS.items()
            for one in standings(session, kind, desk.program_id).values()
        }
        wallets = select(func.count()).select_from(Account).where(Account.program_id == desk.program_id)
        return {**found, "wallets": session.scalar(wallets)}


def names(desk: Desk) -> set[str]:
    return all_of(desk).keys() - OF_THE_PROGRAMME


def begin(desk: Desk, batch: int, reason: str = "the wrong column") -> None:
    with transaction(desk.registry) as session:
        undoing.begin(session, batch, reason=reason, actor="ann", now=desk.clock())


def undo(desk: Desk, batch: int) -> Progress:
    begin(desk, batch)
    assert desk.progress(batch).status is BatchStatus.UNDOING
    desk.work()
    desk.check()
    return desk.progress(batch)


def blocked(desk: Desk, batch: int) -> str:
    with pytest.raises(CannotUndo) as found:
        begin(desk, batch)
    desk.registry.remove()
    return str(found.value)


def goods_file(desk: Desk, *rows: tuple[Any, ...]) -> Progress:
    return desk.run(desk.csv(*rows, header=PRODUCTS), "products")


def people_file(desk: Desk, *rows: tuple[Any, ...]) -> Progress:
    return desk.run(desk.csv(*rows, header=DISTRIBUTORS), "distributors")


def sell(desk: Desk, product: str, who: str = "D1", number: str = "1") -> Progress:
    return desk.run(desk.csv((number, "2026-03-01", who, product, "1", "100.00")))


def test_products_groups_and_moves_are_as_they_were_and_the_file_counts_anew(shop: Desk) -> None:
    goods_file(shop, ("P1", "Drill", "Metal", None, None, None), ("P2", "Saw", "Metal", None, "5901234123457", None))
    before = all_of(shop)
    rows = [
        ("P1", "Drill 2", "Power", "Machines", "4006381333931", "2026-02-01"),
        ("P2", "Saw", "Power", "Machines", None, None),
        ("P3", "Plane", "Wood", "Hand", None, None),
    ]
    found = goods_file(shop, *rows)
    assert (found.counts["created"], found.counts["changed"]) == (1, 2)
    after = all_of(shop)
    assert after.keys() - before.keys() == {
        "product P3",
        *(f"product_group {code}" for code in ("power", "machines", "wood", "hand")),
    }
    done = undo(shop, found.batch_id)
    assert (done.status, done.counts["things_undone"], done.share_bp) == (BatchStatus.UNDONE, 7, 10_000)
    assert all_of(shop) == before
    with transaction(shop.registry) as session:
        (note,) = session.scalars(
            select(AuditEvent).where(AuditEvent.program_id == shop.program_id, AuditEvent.action == "import.undo")
        )
        assert (note.actor, note.reason, note.after) == ("ann", "the wrong column", {"things": 7})
    again = goods_file(shop, *rows)
    assert (again.counts["created"], again.counts["changed"]) == (1, 2)
    assert all_of(shop).keys() == after.keys()
    assert "undone already" in blocked(shop, found.batch_id)


def test_distributors_go_with_their_wallets_and_what_changed_is_again_what_it_was(
    shop: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importers.undoing.things, "_PIECE", 2)
    people_file(shop, ("D1", "One", None, "north", None, None, "Gdynia"), ("D2", "Two", None, None, None, None, None))
    before = all_of(shop)
    found = people_file(
        shop,
        ("D1", "First", "HQ", "south", "gold", "private_person", None),
        ("D2", "Two", None, "south", None, None, "Sopot"),
        ("B1", "Branch", "HQ", "north", None, None, None),
        ("HQ", "Head", None, None, None, None, None),
        ("X", "Alone", None, None, None, None, None),
    )
    assert (found.counts["created"], found.counts["changed"]) == (3, 2)
    done = undo(shop, found.batch_id)
    assert (done.status, done.counts["things_undone"]) == (BatchStatus.UNDONE, 5)
    assert all_of(shop) == before
    with transaction(shop.registry) as session:
        program = session.get_one(Program, shop.program_id)
        one = distributors.id_of_code(session, program.id, "D1")
        assert one is not None
        assert distributors.data_of(session, one).tier is None


def test_an_import_that_kept_fewer_fields_is_undone_all_the_same(shop: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    people_file(shop, ("D1", "One", None, "north", None, None, "Gdynia"))
    before = all_of(shop)
    with monkeypatch.context() as earlier:
        (kind,) = BROUGHT["distributors"]
        fewer = replace(kind, fields=tuple(name for name in kind.fields if name != "enrolled_on"))
        earlier.setitem(cast(dict[str, Any], BROUGHT), "distributors", (fewer,))
        found = people_file(
            shop,
            ("D1", "First", None, "south", None, None, "Sopot"),
            ("X", "Alone", None, None, None, None, None),
        )
    with transaction(shop.registry) as session:
        kept = session.scalars(select(ImportChange.became).where(ImportChange.batch_id == found.batch_id)).all()
        assert all("enrolled_on" not in one for one in kept)
    assert undo(shop, found.batch_id).counts["things_undone"] == 2
    assert all_of(shop) == before


def test_what_is_used_stays_and_is_told_and_the_rest_goes(shop: Desk) -> None:
    people_file(shop, ("D1", "One", None, None, None, None, None))
    found = goods_file(
        shop,
        ("P1", "Drill", "Metal", None, None, None),
        ("P2", "Saw", "Hand", None, None, None),
        ("P3", "Plane", None, None, None, None),
    )
    sold = sell(shop, "P1")
    goods_file(shop, ("P3", "Planer", None, None, None, None))
    left = undo(shop, found.batch_id)
    assert (left.status, left.counts["things_undone"]) == (BatchStatus.DONE, 2)
    assert left.message is not None
    assert "Drill (P1) is in use: documents." in left.message
    assert f"Plane (P3) was changed since by import {found.batch_id + 2}; undo that first." in left.message
    assert "Metal (metal) is in use: products." in left.message
    assert names(shop) == {"product P1", "product P3", "product_group metal", "distributor D1"}
    assert "Drill (P1) is in use: documents." in blocked(shop, found.batch_id)
    # what a document names stays for good: it is kept with its history, and so is what it was of
    undo(shop, sold.batch_id)
    assert undo(shop, found.batch_id + 2).status is BatchStatus.UNDONE
    again = undo(shop, found.batch_id)
    assert again.counts["things_undone"] == 3
    assert names(shop) == {"product P1", "product_group metal", "distributor D1"}


def test_what_stays_hides_nothing_of_another_kind_with_its_number(shop: Desk) -> None:
    people_file(shop, ("D1", "One", None, None, None, None, None))
    with transaction(shop.registry) as session:
        draw = "select nextval(:of) from generate_series(1, :times)"
        product, group = (
            session.scalar(text(draw), {"of": f"{name}_id_seq", "times": 1}) for name in ("product", "product_group")
        )
        behind = "product" if product < group + 1 else "product_group"
        session.execute(text(draw), {"of": f"{behind}_id_seq", "times": abs(product - group - 1)})
    found = goods_file(shop, ("P1", "Drill", "Metal", None, None, None), ("P2", "Saw", "Wood", None, None, None))
    with transaction(shop.registry) as session:
        numbers = dict(
            session.execute(
                select(ImportChange.code, ImportChange.thing_id).where(ImportChange.batch_id == found.batch_id)
            ).all()
        )
    assert numbers["P1"] == numbers["wood"]
    sell(shop, "P1")
    assert undo(shop, found.batch_id).counts["things_undone"] == 2
    assert names(shop) == {"product P1", "product_group metal", "distributor D1"}


def test_a_head_office_goes_back_with_its_branches_whoever_of_them_comes_first(
    shop: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importers.undoing.things, "_PIECE", 2)
    branches = [f"B{at}" for at in range(3)]
    nobody, below = ("O", "Old", None, *[None] * 4), [(one, one, "O", *[None] * 4) for one in branches]
    people_file(shop, nobody, *below)
    before = all_of(shop)
    moved = [(one, one, "N", *[None] * 4) for one in ("O", *branches)]
    found = people_file(shop, ("N", "New", *[None] * 5), *moved)
    done = undo(shop, found.batch_id)
    assert (done.status, done.counts["things_undone"]) == (BatchStatus.UNDONE, 5)
    assert all_of(shop) == before


def test_branches_go_back_below_a_head_office_that_is_one_still(shop: Desk) -> None:
    people_file(shop, ("O3", "Third", None, None, None, None, None))
    before = all_of(shop)
    first = people_file(
        shop, ("D1", "One", "O1", None, None, None, None), ("O1", "First", None, None, None, None, None)
    )
    moved = people_file(
        shop, ("D1", "One", "O2", None, None, None, None), ("O2", "Second", None, None, None, None, None)
    )
    said = blocked(shop, first.batch_id)
    assert f"One (D1) was changed since by import {moved.batch_id}; undo that first." in said
    assert f"First (O1) had branches before import {moved.batch_id}; undo that first." in said
    below = people_file(shop, ("O1", "First", "O3", None, None, None, None))
    said = blocked(shop, moved.batch_id)
    assert "One (D1) cannot be a branch again: its head office of then is none any more." in said
    for batch in (below, moved, first):
        assert undo(shop, batch.batch_id).status is BatchStatus.UNDONE
    assert all_of(shop) == before


def test_people_points_and_groups_by_which_was_counted_are_in_the_way(shop: Desk) -> None:
    goods_file(shop, ("P1", "Drill", "Metal", None, None, None))
    first = people_file(
        shop, ("D1", "One", None, "north", None, None, None), ("D2", "Two", None, None, None, None, None)
    )
    moved = people_file(
        shop, ("D1", "One", None, "south", None, None, None), ("D2", "Duo", None, "south", None, None, None)
    )
    goods = goods_file(shop, ("P1", "Drill", "Power", None, None, None))
    sell(shop, "P1")
    assert "One (D1) was counted since by what this import changed: group." in str(undo(shop, moved.batch_id).message)
    assert "Drill (P1) was counted since by what this import changed: group." in blocked_but_groups(shop, goods)
    said = str(undo(shop, first.batch_id).message)
    assert "One (D1) was changed since by import" in said
    assert "Two" not in said, "its move was taken back, and nobody uses it"
    with transaction(shop.registry) as session:
        kept = session.scalars(select(Distributor.code).where(Distributor.program_id == shop.program_id)).all()
    assert kept == ["D1"]


def blocked_but_groups(desk: Desk, found: Progress) -> str:
    """A new group that holds what stays is in use as well: nothing can go, and nothing is begun."""
    return blocked(desk, found.batch_id)


def test_what_cannot_be_undone_says_why(shop: Desk) -> None:
    dry = shop.run(shop.csv(("P1", "Drill", None, None, None, None), header=PRODUCTS), "products", dry_run=True)
    assert "was a dry run" in blocked(shop, dry.batch_id)
    with transaction(shop.registry) as session:
        assert not session.scalar(
            select(ImportChange.batch_id).where(ImportChange.batch_id == dry.batch_id).exists().select()
        )
    found = goods_file(shop, ("P1", "Drill", None, None, None, None))
    running = shop.start(shop.csv(("1", "2026-03-01", "D1", "P1", "1", "1.00")))
    assert f"Import {running} of this programme is not finished yet" in blocked(shop, found.batch_id)
    shop.work()
    begin(shop, found.batch_id)
    running = shop.start(shop.csv(("2", "2026-03-01", "D1", "P1", "1", "1.00")))
    assert worker.do_one(worker.Bench(shop.registry, db.engine, 30.0))
    half = shop.progress(found.batch_id)
    assert half.status is BatchStatus.DONE
    assert f"import {running} began meanwhile" in str(half.message)
    shop.work()
    same = goods_file(shop, ("P1", "Drill", None, None, None, None))
    assert undo(shop, same.batch_id).status is BatchStatus.UNDONE, "it did nothing"
    assert undo(shop, found.batch_id).status is BatchStatus.UNDONE


def test_an_import_that_was_given_up_is_in_the_way_only_where_it_names_what_goes(shop: Desk) -> None:
    found = goods_file(shop, ("P1", "Drill", None, None, None, None))
    other = shop.start(shop.csv(("1", "2026-03-01", "D1", "P1", "1", "1.00")))
    with transaction(shop.registry) as session:
        job = update(Job).where(Job.payload["batch"].as_integer() == other).values(state=JobState.FAILED)
        session.execute(job.execution_options(synchronize_session=False))
        batches.set_status(session, other, BatchStatus.LOADING)
    assert f"Import {other} of this programme was given up: try it again first" in blocked(shop, found.batch_id)
    with transaction(shop.registry) as session:
        batches.set_status(session, other, BatchStatus.READING)
    assert undo(shop, found.batch_id).status is BatchStatus.UNDONE


def test_the_programme_is_held_only_while_what_changes_is_kept(shop: Desk) -> None:
    shop.document["import_profiles"]["deliveries"] = {
        "columns": {
            "document_number": "n",
            "issued_on": "day",
            "distributor": "who",
            "product": "code",
            "quantity": "q",
        }
    }
    shop.reload()
    goods_file(shop, ("P1", "Drill", "Metal", None, None, None))
    people_file(shop, ("D1", "One", None, None, None, None, None))
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(" ".join(statement.split()))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        delivered = shop.run(
            shop.csv(("1", "2026-03-01", "D1", "P1", "5"), header=("n", "day", "who", "code", "q")), "deliveries"
        )
        assert delivered.counts["created"] == 1
        held = [one for one in asked if "FROM program" in one and "FOR NO KEY UPDATE" in one]
        assert len(held) == 1, "for a moment as it begins, so that no merge is under way"
        shop.run(shop.csv(("P2", "Saw", None, None, None, None), header=PRODUCTS), "products", dry_run=True)
        assert not [one for one in asked if "import_change" in one]
        goods_file(shop, ("P2", "Saw", None, None, None, None))
        assert [one for one in asked if one.startswith("INSERT INTO import_change")]
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def test_whoever_is_killed_has_done_a_part_and_another_goes_on(shop: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    found = goods_file(shop, *((f"P{at}", f"Thing {at}", None, None, None, None) for at in range(6)))
    monkeypatch.setattr(importers.undoing.things, "_PIECE", 2)
    take_back, done = importers.undoing.things._take_back, []

    def dies(*given: Any) -> Any:
        done.append(take_back(*given))
        if len(done) == 2:
            raise OSError("gone, with what it did")
        return done[-1]

    monkeypatch.setattr(importers.undoing.things, "_take_back", dies)
    begin(shop, found.batch_id)
    assert worker.do_one(worker.Bench(shop.registry, db.engine, 30.0))
    half = shop.progress(found.batch_id)
    assert (half.status, half.counts["things_undone"], half.share_bp) == (BatchStatus.UNDOING, 2, 3_333)
    shop.work()
    whole = shop.progress(found.batch_id)
    assert (whole.status, whole.counts["things_undone"]) == (BatchStatus.UNDONE, 6)
    assert names(shop) == set()


def test_the_words_for_uses_are_of_columns_that_there_are() -> None:
    there = {name for thing in ImportedThing for name in uses.naming(thing)}
    assert (uses.USES.keys() | uses.DERIVED.keys()) <= there
    assert not uses.USES.keys() & uses.DERIVED.keys()
    assert {kind.thing for kinds in BROUGHT.values() for kind in kinds} == set(ImportedThing)
