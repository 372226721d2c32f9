"""Names that nobody knows: they wait in a queue, are decided once, and what waited for them goes through."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, select, update

from app.db.transaction import transaction
from app.domain.states import BatchStatus, DocumentStatus, NamedThing
from app.jobs import worker
from app.models.aliases import ProductAlias
from app.models.catalogue import Product
from app.models.distributors import Distributor
from app.models.imports import ImportBatch
from app.models.people import AuditEvent
from app.models.programs import Program
from app.models.sales import SalesDocument, SalesLine
from app.services.imported import aliases, unmatched
from app.services.imported.aliases import AliasRefused, Meaning
from app.services.imported.unmatched import Queued
from importers.names import continuing
from importers.names.continuing import CannotMatch, Decided, Match
from tests.importers.driver import HEADER, Desk

ACCEPTED, REFUSED = DocumentStatus.ACCEPTED, DocumentStatus.REFUSED


@pytest.fixture
def shop(desk: Desk) -> Desk:
    """Two distributors, three products, one of them with an EAN."""
    desk.people("D1", "D2")
    desk.goods(**{"00120-A": "drills", "00121": "drills", "G-7": None})
    with transaction(desk.registry) as session:
        session.execute(update(Product).where(Product.code == "G-7").values(ean="5901234123457"))
    return desk.profile("sales", columns={"product_name": "called"})


def sales(desk: Desk, *rows: Sequence[Any]) -> Any:
    return desk.run(desk.csv(*rows, header=(*HEADER, "called")))


def queue(desk: Desk) -> list[Queued]:
    with transaction(desk.registry) as session:
        return unmatched.queue(session, desk.program_id)


def decide(desk: Desk, how: Any, *given: Any, **more: Any) -> list[Any]:
    """Decide about names, do the work, and give what became of the imports that it started."""
    with transaction(desk.registry) as session:
        program = session.get_one(Program, desk.program_id)
        done: Decided = how(session, program, *given, actor="ann", now=desk.clock(), **more)
    desk.work()
    found = [desk.progress(one) for one in done.batches]
    for one in found:
        assert one.status is BatchStatus.DONE, one.message
        desk.add_up(one)
    return found


def ids(desk: Desk, model: Any) -> dict[str, int]:
    with transaction(desk.registry) as session:
        return dict(session.execute(select(model.code, model.id).where(model.program_id == desk.program_id)).all())


def test_what_is_not_known_waits_in_one_queue_with_what_it_may_mean(shop: Desk) -> None:
    found = sales(
        shop,
        ("1", "2026-03-01", "D1", "120a", "1", "100.00", None),
        ("1", "2026-03-01", "D1", "G-7", "1", "50.00", None),
        ("2", "2026-03-02", "D1", "120A ", "2", "200.00", "Wiertarka"),
        ("3", "2026-03-03", "D9", "00121", "1", "30.00", None),
    )
    assert (found.counts["lines_held"], found.counts["lines_accepted"]) == (4, 0)
    one, two = queue(shop)
    assert (one.what, one.written, one.called) == (NamedThing.PRODUCT, "120a", "Wiertarka")
    assert (one.lines, one.documents, one.amount_minor, one.batches) == (2, 2, 30_000, [found.batch_id])
    assert (one.target_code, one.score, one.why) == ("00120-A", 95, "plain code")
    assert (two.what, two.written, two.lines, two.score) == (NamedThing.DISTRIBUTOR, "D9", 1, 0)


def test_a_dry_run_asks_nobody(shop: Desk) -> None:
    shop.run(shop.csv(("1", "2026-03-01", "D1", "X", "1", "1.00", None), header=(*HEADER, "called")), dry_run=True)
    assert queue(shop) == []


def test_a_name_is_accepted_once_and_all_that_waited_goes_through_once(shop: Desk) -> None:
    rows = (
        ("1", "2026-03-01", "D1", "120a", "1", "100.00", None),
        ("2", "2026-03-02", "D1", "120a", "1", "200.00", None),
        ("2", "2026-03-02", "D1", "mystery", "1", "10.00", None),
        ("3", "2026-03-03", "D1", "120a", "1", "70.00", None),
        ("3", "soon", "D1", "G-7", "1", "70.00", None),
        ("4", "2026-03-04", "D2", "G-7", "1", "40.00", None),
    )
    sales(shop, *rows)
    assert shop.balance("D1") == (0, 0)
    known, mystery = queue(shop)
    (taken,) = decide(shop, continuing.accept, [Match(known.id)])
    # document 2 waits for another name, document 3 for its date
    assert (taken.counts["rows_read"], taken.counts["lines_accepted"]) == (1, 1)
    assert shop.balance("D1") == (0, 10)
    assert [one.written for one in queue(shop)] == ["mystery"]
    product = ids(shop, Product)["G-7"]
    (rest,) = decide(shop, continuing.accept, [Match(mystery.id, product)])
    assert (rest.counts["rows_read"], rest.counts["lines_accepted"], rest.counts["documents"]) == (2, 2, 1)
    assert shop.balance("D1") == (0, 31)
    assert queue(shop) == []
    # decided again, nothing happens; and the same file counts nothing twice
    assert decide(shop, continuing.accept, [Match(known.id), Match(mystery.id, product)]) == []
    again = sales(shop, *rows)
    assert (again.counts["duplicates"], again.counts["lines_accepted"]) == (4, 0)
    assert shop.balance("D1") == (0, 31)
    with transaction(shop.registry) as session:
        told = session.execute(
            select(AuditEvent.actor, AuditEvent.action, AuditEvent.subject, AuditEvent.after)
            .where(AuditEvent.program_id == shop.program_id, AuditEvent.action == "product_alias.set")
            .order_by(AuditEvent.id)
        ).all()
    assert [(*row[:3], row[3]["product"]) for row in told] == [
        ("ann", "product_alias.set", "120a", "00120-A"),
        ("ann", "product_alias.set", "mystery", "G-7"),
    ]


def test_rows_that_wait_keep_what_was_read_of_them(shop: Desk) -> None:
    shop.profile(columns={"person": "who", "distributor_name": "firm"}, dates="%d.%m.%Y", decimal=",")
    header = (*HEADER, "called", "who", "firm")
    row = ("FV 1/26", "04.03.2026", "D9", "00121", "1,5", "1 234,50", None, " Jan ", "Firma")
    shop.run(shop.csv(row, header=header))
    (name,) = queue(shop)
    assert (name.called, name.amount_minor) == ("Firma", 123_450)
    decide(shop, continuing.accept, [Match(name.id, ids(shop, Distributor)["D2"])])
    with transaction(shop.registry) as session:
        document, line = session.execute(
            select(SalesDocument, SalesLine)
            .join(SalesLine, SalesLine.document_id == SalesDocument.id)
            .where(SalesDocument.program_id == shop.program_id)
        ).one()
        assert (document.number, str(document.issued_on), document.person) == ("FV 1/26", "2026-03-04", "Jan")
        assert (line.quantity_milli, line.net_minor, line.source_row) == (1_500, 123_450, 2)


def test_a_document_with_a_torn_row_goes_on_waiting(shop: Desk) -> None:
    path = shop.csv(("1", "2026-03-01", "D1", "120a", "1", "100.00", None), header=(*HEADER, "called"))
    path.write_text(path.read_text() + "1,2026-03-01,D1,G-7,1,5.00,,x,y\n")
    shop.run(path)
    (name,) = queue(shop)
    (nothing,) = decide(shop, continuing.accept, [Match(name.id)])
    assert nothing.counts["rows_read"] == 0
    assert shop.documents() == {}


def test_what_is_ignored_is_refused_with_its_document_now_and_later(shop: Desk) -> None:
    rows = (
        ("1", "2026-03-01", "D1", "PALLET", "1", "1.00", None),
        ("1", "2026-03-01", "D1", "G-7", "1", "50.00", None),
        ("2", "2026-03-01", "D1", "G-7", "1", "50.00", None),
    )
    sales(shop, *rows)
    (name,) = queue(shop)
    with pytest.raises(CannotMatch, match="needs a reason"):
        decide(shop, continuing.ignore, [name.id], reason=" ")
    shop.registry.remove()
    (ended,) = decide(shop, continuing.ignore, [name.id], reason="no goods of ours")
    assert (ended.counts["rows_read"], ended.counts["lines_refused"]) == (2, 2)
    assert shop.codes(ended) == {2: ("refused", "ignored_product"), 3: ("refused", "document_ignored")}
    assert ended.problems_file is not None
    later = sales(shop, ("9", "2026-03-09", "D1", "pallet", "1", "1.00", None))
    assert shop.codes(later) == {2: ("refused", "ignored_product")}
    assert queue(shop) == []


def test_what_is_new_is_made_of_what_the_file_says(shop: Desk) -> None:
    sales(
        shop,
        ("1", "2026-03-01", "D8", "NEW-1", "1", "100.00", "Something new"),
        ("2", "2026-03-02", "D1", "NEW-1", "1", "100.00", None),
    )
    (taken,) = decide(shop, continuing.create, [one.id for one in queue(shop)])
    assert taken.counts["lines_accepted"] == 2
    assert "D8" in ids(shop, Distributor)
    assert (shop.balance("D8"), shop.balance("D1")) == ((0, 10), (0, 10))


def test_many_imports_of_many_sources_are_gone_through_at_once(shop: Desk) -> None:
    shop.document["import_profiles"]["erp"] = {**shop.document["import_profiles"]["sales"], "kind": "sales"}
    shop.reload()
    header = (*HEADER, "called")
    for at, profile in enumerate(("sales", "sales", "erp")):
        shop.run(shop.csv((f"{at}", "2026-03-01", "D1", "120a", "1", "100.00", None), header=header), profile=profile)
    found = {(one.profile_name, one.lines, len(one.batches)): one.id for one in queue(shop)}
    assert set(found) == {("sales", 2, 2), ("erp", 1, 1)}
    taken = decide(shop, continuing.accept, [Match(found["sales", 2, 2])])
    assert [one.counts["lines_accepted"] for one in taken] == [1, 1]
    # the alias is the source's own, and elsewhere a proposal
    (left,) = queue(shop)
    assert (left.profile_name, left.score) == ("erp", 95)


def test_two_decisions_at_once_take_nothing_in_twice(shop: Desk) -> None:
    sales(
        shop,
        ("1", "2026-03-01", "D1", "a", "1", "100.00", None),
        ("2", "2026-03-01", "D1", "b", "1", "100.00", None),
    )
    with transaction(shop.registry) as session:
        program = session.get_one(Program, shop.program_id)
        target = ids(shop, Product)["G-7"]
        one, two = unmatched.queue(session, shop.program_id)
        given = {"actor": "ann", "now": shop.clock()}
        first = continuing.accept(session, program, [Match(one.id, target)], **given)
        second = continuing.accept(session, program, [Match(two.id, target)], **given)
    shop.work()
    counts = [shop.progress(batch).counts["lines_accepted"] for done in (first, second) for batch in done.batches]
    # whoever reads first finds both known
    assert counts == [2, 0]
    assert shop.balance("D1") == (0, 20)


UNITS = [
    (12_000, "2", 24_000, 100_000_000, 8_333_333),
    (500, "3", 1_500, 100_000_000, 200_000_000),
    (1_001, "0.5", None, 0, 0),
    (10**9, "999999999999", None, 0, 0),
]


@pytest.mark.parametrize(("unit", "quantity", "expected", "price", "each"), UNITS)
def test_an_alias_may_count_in_other_units_exactly(
    shop: Desk, unit: int, quantity: str, expected: int | None, price: int, each: int
) -> None:
    shop.profile(columns={"unit_price": "price"})
    with transaction(shop.registry) as session:
        program = session.get_one(Program, shop.program_id)
        means = Meaning(ids(shop, Product)["G-7"], unit)
        aliases.put_product_alias(session, program, "BOX", means, actor="ann", now=shop.clock())
    row = ("1", "2026-03-01", "D1", "box", quantity, "10.00", None, price and f"{price / 10**8:.2f}")
    found = shop.run(shop.csv(row, header=(*HEADER, "called", "price")))
    if expected is None:
        code = "unit_not_exact" if unit < 10**9 else "number_too_large"
        assert shop.codes(found) == {2: ("refused", code)}
        return
    with transaction(shop.registry) as session:
        (line,) = session.scalars(
            select(SalesLine)
            .join(SalesDocument, SalesDocument.id == SalesLine.document_id)
            .where(SalesDocument.program_id == shop.program_id)
        )
        assert (line.quantity_milli, line.net_minor) == (expected, 1_000)
        assert line.unit_price_micro == each


def test_the_nearest_source_says_what_a_name_means(shop: Desk) -> None:
    products, people = ids(shop, Product), ids(shop, Distributor)
    with transaction(shop.registry) as session:
        program = session.get_one(Program, shop.program_id)
        given = {"actor": "ann", "now": shop.clock()}
        for alias, product, more in (
            ("X", "00120-A", {}),
            ("X", "00121", {"profile_name": "sales"}),
            ("X", "G-7", {"source_distributor_id": people["D2"]}),
            ("Y", "00120-A", {}),
            ("Z", "G-7", {"profile_name": "other"}),
        ):
            aliases.put_product_alias(session, program, alias, Meaning(products[product]), **more, **given)
        for alias in ("g-7", "5901234123457"):
            with pytest.raises(AliasRefused, match="of a product here"):
                aliases.put_product_alias(session, program, alias, Meaning(products["00121"]), **given)
        aliases.put_distributor_alias(session, program, "Firma", Meaning(people["D1"]), **given)
        with pytest.raises(AliasRefused, match="of a distributor here"):
            aliases.put_distributor_alias(session, program, "d2", Meaning(people["D1"]), **given)
    found = sales(
        shop,
        ("1", "2026-03-01", "firma ", "x", "1", "10.00", None),
        ("2", "2026-03-01", "D2", "X", "1", "10.00", None),
        ("3", "2026-03-01", "D2", "y", "1", "10.00", None),
        ("4", "2026-03-01", "D2", "590-1234-123457", "1", "10.00", None),
        ("5", "2026-03-01", "D2", "z", "1", "10.00", None),
    )
    assert shop.codes(found) == {6: ("held", "unknown_product")}
    code_of = {id_: code for code, id_ in products.items()}
    with transaction(shop.registry) as session:
        rows = session.execute(
            select(SalesDocument.number, SalesLine.product_id)
            .join(SalesLine, SalesLine.document_id == SalesDocument.id)
            .where(SalesDocument.program_id == shop.program_id)
        )
        assert {number: code_of[product] for number, product in rows} == {
            "1": "00121",
            "2": "G-7",
            "3": "00120-A",
            "4": "G-7",
        }


def test_what_a_distributor_is_called_already_is_no_change(shop: Desk) -> None:
    people = ids(shop, Distributor)
    with transaction(shop.registry) as session:
        program = session.get_one(Program, shop.program_id)
        for who, times in (("D1", 2), ("D2", 1)):
            for _ in range(times):
                aliases.put_distributor_alias(
                    session, program, "Firma", Meaning(people[who]), actor="ann", now=shop.clock()
                )
        noted = select(func.count()).where(
            AuditEvent.program_id == program.id, AuditEvent.action == "distributor_alias.set"
        )
        assert session.scalars(noted).one() == 2


def test_an_alias_can_be_changed_and_forgotten(shop: Desk) -> None:
    products = ids(shop, Product)
    with transaction(shop.registry) as session:
        program = session.get_one(Program, shop.program_id)
        given = {"actor": "ann", "now": shop.clock()}
        for code in ("00121", "G-7"):
            aliases.put_product_alias(session, program, "X", Meaning(products[code]), **given)
        (only,) = session.scalars(select(ProductAlias).where(ProductAlias.program_id == program.id))
        assert only.product_id == products["G-7"]
        (told,) = aliases.known(session, program.id, NamedThing.PRODUCT)
        assert (told.id, told.name, told.means, told.unit_milli) == (only.id, "X", "G-7", aliases.SAME_UNIT)
        assert aliases.known(session, program.id, NamedThing.DISTRIBUTOR) == []
        with pytest.raises(aliases.NoSuchName):
            aliases.forget(session, program, NamedThing.PRODUCT, only.id + 999, **given)
        assert aliases.forget(session, program, NamedThing.PRODUCT, only.id, **given) == "X"
    found = sales(shop, ("1", "2026-03-01", "D1", "x", "1", "10.00", None))
    assert shop.codes(found) == {2: ("held", "unknown_product")}


def test_a_reader_that_died_is_done_again(shop: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever takes rows in may die before the end: another does it again from what was kept."""
    sales(shop, ("1", "2026-03-01", "D1", "120a", "1", "100.00", None))
    (name,) = queue(shop)
    with transaction(shop.registry) as session:
        program = session.get_one(Program, shop.program_id)
        done = continuing.accept(session, program, [Match(name.id)], actor="ann", now=shop.clock())
    from importers.batches.store import BatchFiles

    keep = BatchFiles.save_taken

    def dies(*given: Any) -> None:
        keep(*given)
        raise OSError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(BatchFiles, "save_taken", dies)
        assert worker.do_one(worker.Bench(shop.registry, shop.registry.get_bind(), 30.0))
    shop.work()
    (taken,) = (shop.progress(one) for one in done.batches)
    assert (taken.status, taken.counts["lines_accepted"]) == (BatchStatus.DONE, 1)
    assert shop.balance("D1") == (0, 10)
    with transaction(shop.registry) as session:
        assert session.get_one(ImportBatch, taken.batch_id).continues_id is not None
    assert np.array_equal(BatchFiles(shop.app.extensions["kontor"]["settings"].files, taken.batch_id).kept_rows(), [2])
