"""An import is undone: what it gave is taken back, the same file counts anew, and what is in the way is told."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

import importers.undoing.sales
from app.db.transaction import transaction
from app.domain.states import BatchStatus, DocumentStatus, LotState, Unit
from app.extensions import db
from app.jobs import worker
from app.models.imports import ImportBatch
from app.models.ledger import Account, Lot
from app.models.people import AuditEvent
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.services.by_hand import merging
from app.services.imported import unmatched
from app.services.ledger import figures, ledger
from app.services.owners import pools
from app.services.persons import opening
from app.services.rulebooks import rules_of
from importers.batches import batches
from importers.batches.batches import Progress
from importers.names import continuing
from importers.names.continuing import Match
from importers.undoing import sales as undoing
from importers.undoing.sales import CannotUndo
from prepaid.conversions import preparing, runs
from tests.importers.driver import HEADER, Desk
from tests.support.meetings import elsewhere, wait_for_a_waiter
from verification.deciding import decisions

ACCEPTED, REFUSED, SUPERSEDED, UNDONE = (
    DocumentStatus.ACCEPTED,
    DocumentStatus.REFUSED,
    DocumentStatus.SUPERSEDED,
    DocumentStatus.UNDONE,
)


@pytest.fixture
def shop(desk: Desk) -> Desk:
    desk.people("D1", "D2", "D3")
    desk.goods(P1=None, P2=None)
    return desk


def undo(desk: Desk, batch: int, reason: str = "a wrong file") -> Progress:
    """Undo an import to its end."""
    with transaction(desk.registry) as session:
        undoing.begin(session, batch, reason=reason, actor="ann", now=desk.clock())
    assert desk.progress(batch).status is BatchStatus.UNDOING
    desk.work()
    desk.check()
    return desk.progress(batch)


def blocked(desk: Desk, batch: int, reason: str = "a wrong file") -> str:
    with pytest.raises(CannotUndo) as found, transaction(desk.registry) as session:
        undoing.begin(session, batch, reason=reason, actor="ann", now=desk.clock())
    desk.registry.remove()
    return str(found.value)


def invoice(
    number: str, who: str = "D1", net: str = "100.00", quantity: str = "1", day: str = "2026-03-01"
) -> Sequence[Any]:
    return (number, day, who, "P1", quantity, net)


def standing(desk: Desk) -> list[tuple[int, int]]:
    return [desk.balance(who) for who in ("D1", "D2", "D3")]


def test_an_import_is_undone_and_its_file_counts_anew(shop: Desk) -> None:
    path = shop.csv(
        invoice("1"),
        invoice("2", "D2"),
        invoice("3", "D3"),
        invoice("K1", net="-40.00", quantity="-0.4"),
        invoice("OLD", day="2024-01-01"),
    )
    found = shop.run(path)
    assert (found.counts["documents"], found.counts["lines_refused"]) == (4, 1)
    before = standing(shop)
    assert before == [(0, 6), (0, 10), (0, 10)]
    after = undo(shop, found.batch_id)
    assert (after.status, after.share_bp, after.ended) == (BatchStatus.UNDONE, 10_000, True)
    assert after.counts["documents_undone"] == after.counts["documents_to_undo"] == 5
    assert standing(shop) == [(0, 0)] * 3
    assert {status for _, status in shop.documents()} == {UNDONE}
    with transaction(shop.registry) as session:
        batch = session.get_one(ImportBatch, found.batch_id)
        assert (batch.undone_by, batch.undo_reason, batch.undone_at) == ("ann", "a wrong file", shop.clock())
        (note,) = session.scalars(
            select(AuditEvent).where(AuditEvent.program_id == shop.program_id, AuditEvent.action == "import.undo")
        )
        assert (note.actor, note.reason, note.after) == ("ann", "a wrong file", {"documents": 5})
    again = shop.run(path)
    assert (again.counts["lines_accepted"], again.counts["duplicates"]) == (found.counts["lines_accepted"], 0)
    assert standing(shop) == before
    assert "undone already" in blocked(shop, found.batch_id)


def test_the_size_of_the_pieces_changes_nothing(shop: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [invoice(f"{at}", f"D{1 + at % 3}", f"{10 * at}.00") for at in range(1, 13)]
    rows += [invoice(f"K{at}", f"D{1 + at % 3}", "-5.00", "-0.5", "2026-04-01") for at in range(3)]
    found = shop.run(shop.csv(*rows))
    monkeypatch.setattr(importers.undoing.sales, "_PIECE", 2)
    monkeypatch.setattr(importers.undoing.sales, "DOCUMENTS_OF_A_JOB", 4)
    assert undo(shop, found.batch_id).counts["documents_undone"] == 15
    assert standing(shop) == [(0, 0)] * 3


def test_what_cannot_be_undone_says_why(shop: Desk) -> None:
    dry = shop.run(shop.csv(invoice("1")), dry_run=True)
    assert "was a dry run" in blocked(shop, dry.batch_id)
    found = shop.run(shop.csv(invoice("1")))
    assert "needs a reason" in blocked(shop, found.batch_id, reason=" ")
    assert "may hold the number of a payment card" in blocked(shop, found.batch_id, reason="4111 1111 1111 1111")
    waiting = shop.start(shop.csv(invoice("2")))
    assert "is not finished yet" in blocked(shop, waiting)
    shop.work()
    with pytest.raises(batches.NoSuchBatch), transaction(shop.registry) as session:
        undoing.begin(session, 10**9, reason="x", actor="ann", now=shop.clock())


def test_points_that_were_spent_are_in_the_way_and_others_are_not(shop: Desk) -> None:
    first = shop.run(shop.csv(invoice("1"), invoice("2", "D2")))
    second = shop.run(shop.csv(invoice("3", day="2026-05-01")))
    with transaction(shop.registry) as session:
        program = session.get_one(Program, shop.program_id)
        days = {"from_on": dt.date(2026, 1, 1), "to_on": dt.date(2026, 3, 31)}
        run = preparing.preview(session, program, actor="bob", now=shop.clock(), **days)
        number = run.id
    said = blocked(shop, first.batch_id)
    for code in ("D1", "D2"):
        assert f"Distributor {code} ({code}) has spent, or reserved, 10 points" in said
    assert f"(conversion {number})" in said
    # what was earned later is there still
    assert undo(shop, second.batch_id).status is BatchStatus.UNDONE
    with transaction(shop.registry) as session:
        runs.cancel(session, number, actor="bob", now=shop.clock())
    assert undo(shop, first.batch_id).status is BatchStatus.UNDONE
    assert standing(shop) == [(0, 0)] * 3


def test_returns_of_another_import_are_in_the_way(shop: Desk) -> None:
    first = shop.run(shop.csv(invoice("1")))
    back = shop.run(shop.csv(invoice("K1", net="-50.00", quantity="-0.5", day="2026-04-01")))
    said = blocked(shop, first.batch_id)
    assert f"Goods of document 1 came back with document K1 of import {back.batch_id}; take that back first." in said
    undo(shop, back.batch_id)
    assert standing(shop)[0] == (0, 10)
    undo(shop, first.batch_id)
    assert standing(shop)[0] == (0, 0)


def test_corrections_are_undone_one_after_the_other_to_what_was_before(shop: Desk) -> None:
    shop.profile(changed_documents="correct")
    found = [shop.run(shop.csv(invoice("1", net=f"{net}.00"))) for net in (100, 200, 300)]
    assert standing(shop)[0] == (0, 30)
    for older in found[:2]:
        assert "Document 1 was corrected by a later one of import" in blocked(shop, older.batch_id)
    for batch, points in ((found[2], 20), (found[1], 10), (found[0], 0)):
        assert undo(shop, batch.batch_id).status is BatchStatus.UNDONE
        assert standing(shop)[0] == (0, points)


def test_what_a_person_refused_stays_refused(shop: Desk) -> None:
    path = shop.csv(invoice("1"), invoice("2"))
    found = shop.run(path)
    with transaction(shop.registry) as session:
        program = session.get_one(Program, shop.program_id)
        given = {"reason": "no", "actor": "bob", "now": shop.clock()}
        decisions.decide(session, program, shop.document_id("1"), REFUSED, **given)
    undo(shop, found.batch_id)
    assert shop.documents() == {("1", REFUSED): 1, ("2", UNDONE): 1}
    again = shop.run(path)
    assert (again.counts["duplicates"], again.counts["lines_accepted"]) == (1, 1)


def test_what_an_import_held_and_another_took_in_is_undone_with_it(shop: Desk) -> None:
    found = shop.run(
        shop.csv(
            invoice("1"), ("2", "2026-03-02", "D1", "P-1", "1", "50.00"), ("3", "2026-03-02", "D1", "?", "1", "1.00")
        )
    )
    with transaction(shop.registry) as session:
        program = session.get_one(Program, shop.program_id)
        names = {one.written: one.id for one in unmatched.queue(session, shop.program_id)}
        done = continuing.accept(session, program, [Match(names["P-1"])], actor="ann", now=shop.clock())
    shop.work()
    (taken,) = done.batches
    assert standing(shop)[0] == (0, 15)
    assert f"took in what import {found.batch_id} held" in blocked(shop, taken)
    assert undo(shop, found.batch_id).status is BatchStatus.UNDONE
    assert shop.progress(taken).status is BatchStatus.UNDONE
    assert standing(shop)[0] == (0, 0)
    with transaction(shop.registry) as session:
        assert unmatched.queue(session, shop.program_id) == []


def test_whoever_is_killed_has_done_a_part_and_another_goes_on(shop: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    found = shop.run(shop.csv(*(invoice(f"{at}") for at in range(6))))
    monkeypatch.setattr(importers.undoing.sales, "_PIECE", 2)
    take_back, done = importers.undoing.sales._take_back, []

    def dies(*given: Any) -> Any:
        done.append(take_back(*given))
        if len(done) == 2:
            raise OSError("gone, with what it did")
        return done[-1]

    monkeypatch.setattr(importers.undoing.sales, "_take_back", dies)
    with transaction(shop.registry) as session:
        undoing.begin(session, found.batch_id, reason="wrong", actor="ann", now=shop.clock())
    assert worker.do_one(worker.Bench(shop.registry, db.engine, 30.0))
    half = shop.progress(found.batch_id)
    assert (half.status, half.counts["documents_undone"], half.share_bp) == (BatchStatus.UNDOING, 2, 3_333)
    shop.work()
    assert shop.progress(found.batch_id).counts["documents_undone"] == 6
    assert shop.progress(found.batch_id).status is BatchStatus.UNDONE
    assert standing(shop)[0] == (0, 0)


@pytest.mark.parametrize("piece", [1, 1_000], ids=["a piece is all in the way", "a piece is of several"])
def test_whoever_spends_meanwhile_keeps_what_was_given_and_it_can_be_tried_again(
    shop: Desk, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(importers.undoing.sales, "_PIECE", piece)
    found = shop.run(shop.csv(invoice("1"), invoice("2", "D2")))
    with transaction(shop.registry) as session:
        undoing.begin(session, found.batch_id, reason="wrong", actor="ann", now=shop.clock())
    with transaction(shop.registry) as session:
        account = session.scalars(
            select(Account.id)
            .join(Lot, Lot.account_id == Account.id)
            .where(Account.program_id == shop.program_id, Account.unit == Unit.POINTS, Lot.state == LotState.OPEN)
            .order_by(Account.id)
        ).first()
        assert account is not None
        spent = ledger.reserve(session, account, 4, key=f"spent:{shop.code}", on=shop.clock().date())
    shop.work()
    after = shop.progress(found.batch_id)
    assert after.status is BatchStatus.DONE
    assert after.message is not None
    assert "has spent, or reserved, 4 points" in after.message
    assert shop.documents() == {("1", ACCEPTED): 1, ("2", UNDONE): 1}
    with transaction(shop.registry) as session:
        ledger.cancel(session, shop.program_id, [spent], on=shop.clock().date())
    assert undo(shop, found.batch_id).status is BatchStatus.UNDONE
    assert shop.documents() == {("1", UNDONE): 1, ("2", UNDONE): 1}
    assert standing(shop) == [(0, 0)] * 3


def test_what_a_person_spends_meanwhile_keeps_their_companys_documents(desk: Desk) -> None:
    desk.document["program"]["accounts"] = {"shares": {"to": "person"}}
    desk.profile(columns={"person": "person"})
    company = desk.people("D1", "D2", "D3")["D1"]
    desk.goods(P1=None)
    with transaction(desk.registry) as session:
        program = session.get_one(Program, desk.program_id)
        person = opening.open_account(session, program, company, "Ewa Kos", actor="ann", now=desk.clock())
    named = [(*invoice("1"), "Ewa Kos"), (*invoice("2", "D2"), "")]
    found = desk.run(desk.csv(*named, header=(*HEADER, "person")))
    with transaction(desk.registry) as session:
        undoing.begin(session, found.batch_id, reason="wrong", actor="ann", now=desk.clock())
    with transaction(desk.registry) as session:
        wallet = ledger.wallet_of(session, person, Unit.POINTS)
        ledger.reserve(session, wallet, 4, key=f"spent:{desk.code}", on=desk.clock().date())
    desk.work()
    assert "D1:P1) has spent, or reserved, 4 points" in str(desk.progress(found.batch_id).message)
    assert desk.documents() == {("1", ACCEPTED): 1, ("2", UNDONE): 1}


@pytest.mark.parametrize("left", [False, True])
def test_what_a_pool_spends_meanwhile_keeps_the_documents_of_its_members(shop: Desk, *, left: bool) -> None:
    ids = shop.people("D1", "D2", "D3")
    with transaction(shop.registry) as session:
        program = session.get_one(Program, shop.program_id)
        said = {"actor": "ann", "now": shop.clock()}
        pool = pools.open_pool(session, program, "a pool", ids["D3"], spending="holder", **said)
        pools.join(session, program, pool, ids["D2"], **said)
    found = shop.run(shop.csv(invoice("1"), invoice("2", "D2")))
    with transaction(shop.registry) as session:
        undoing.begin(session, found.batch_id, reason="wrong", actor="ann", now=shop.clock())
    with transaction(shop.registry) as session:
        if left:
            program = session.get_one(Program, shop.program_id)
            pools.leave(session, program, pool, ids["D2"], takes_own=False, **said)
        wallet = ledger.wallet_of(session, ids["D3"], Unit.POINTS)
        ledger.reserve(session, wallet, 4, key=f"spent:{shop.code}", on=shop.clock().date())
    shop.work()
    assert "(D3) has spent, or reserved, 4 points" in str(shop.progress(found.batch_id).message)
    assert shop.documents() == {("1", UNDONE): 1, ("2", ACCEPTED): 1}
    shop.check()


def test_documents_that_are_merged_while_it_is_asked_for_are_undone_too(shop: Desk) -> None:
    ids = shop.people("D1", "D2", "D3")
    found = shop.run(shop.csv(invoice("1"), invoice("2", "D2")))
    said = {"actor": "ann", "now": shop.clock()}

    def ask(session: Session) -> int:
        return undoing.begin(session, found.batch_id, reason="wrong", **said)

    with transaction(shop.registry) as session:
        program = session.get_one(Program, shop.program_id)
        merge = merging.request(session, program, ids["D2"], ids["D3"], note="one firm", choices={}, **said)
    with transaction(shop.registry) as session:
        merging.approve(session, session.get_one(Program, shop.program_id), merge, actor="ben", now=shop.clock())
        with elsewhere(shop.app, ask) as asked:
            wait_for_a_waiter(session)
            session.commit()
            asked.result(20)
    shop.work()
    assert shop.progress(found.batch_id).status is BatchStatus.UNDONE
    assert shop.documents() == {("1", UNDONE): 1, ("2", UNDONE): 1}


def test_points_that_cool_off_are_taken_back_too(desk: Desk) -> None:
    desk.document["program"]["verification"] = {"cooling_off_days": 14}
    desk.reload()
    desk.people("D1", "D2", "D3")
    desk.goods(P1=None)
    found = desk.run(desk.csv(invoice("1")))
    assert standing(desk)[0] == (10, 0)
    undo(desk, found.batch_id)
    assert standing(desk)[0] == (0, 0)


def test_an_undone_document_is_kept_with_its_history(shop: Desk) -> None:
    found = shop.run(shop.csv(invoice("1")))
    undo(shop, found.batch_id)
    with transaction(shop.registry) as session:
        (document,) = session.scalars(select(SalesDocument).where(SalesDocument.program_id == shop.program_id))
        assert (document.status, document.batch_id) == (UNDONE, found.batch_id)
        assert rules_of(session, shop.program_id).in_words(Unit.MONEY, 1234) == "12.34 PLN"
    kinds = [line.kind for line in shop.statement("D1")]
    assert [kind.name for kind in kinds] == ["VOID", "AWARD"]


def test_what_a_promotion_gave_for_an_import_is_gone_once_it_is_undone(desk: Desk) -> None:
    autumn = {
        "code": "autumn",
        "name": "Autumn",
        "from": "2026-01-01",
        "until": "2026-12-31",
        "target": {"default": 100},
        "steps": [{"reach": 10_000, "reward": {"points": 50}}],
    }
    desk.load(promotions=[autumn])
    desk.people("D1", "D2", "D3")
    desk.goods(P1=None, P2=None)
    found = desk.run(desk.csv(invoice("1"), invoice("2", "D2", net="10.00")))
    assert standing(desk) == [(0, 60), (0, 1), (0, 0)]
    assert undo(desk, found.batch_id).status is BatchStatus.UNDONE
    assert standing(desk) == [(0, 0)] * 3
    with transaction(desk.registry) as session:
        assert desk.program_id not in figures.waiting(session, desk.clock() + figures.AT_MOST_EVERY)
