"""Somebody else was there first: what a page or a worker read of a promotion before it had its turn holds no more."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, text, update

from app.db.transaction import transaction
from app.domain.states import PromotionState
from app.local.servers import Addresses
from app.models.people import AuditEvent
from app.models.promotions import Promotion
from app.services.promotions import closing, reading, running
from app.services.promotions.closing import CannotClose
from app.services.promotions.publishing import PromotionInvalid
from app.services.setup.program_files import ProgramFileInvalid
from tests.app.services.promotions.running import EXAMPLE, OVER, Running
from tests.support.databases import sessions_of
from tests.support.desk import Desk
from tests.support.programs import document, goods, load, people
from tests.support.sales import Sold, sell

_WAITS_FOR_ME = text(
    "select 1 from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid)) limit 1"
)


@pytest.fixture
def autumn(desk: Desk) -> Running:
    """A promotion that somebody else closes after this session has read it as running."""
    made = Running(desk, closes_on="2026-12-05")
    desk.invoice("1", 5_000)
    made.bring_up()
    assert made.row.state is PromotionState.PUBLISHED
    return made


def closed_meanwhile(desk: Desk, autumn: Running) -> Promotion:
    """Let somebody else close it. Gives it as this session has read it."""
    seen = autumn.row
    desk.session.execute(
        update(Promotion)
        .where(Promotion.id == seen.id)
        .values(state=PromotionState.CLOSED, closed_at=OVER, closed_by="bob")
        .execution_options(synchronize_session=False)
    )
    return seen


def test_a_promotion_is_closed_once_whoever_closes_it(desk: Desk, autumn: Running) -> None:
    steps = running.due(desk.session, OVER, [desk.program.id])
    seen = closed_meanwhile(desk, autumn)
    assert seen.closed_by is None
    with pytest.raises(CannotClose, match="is not running"):
        autumn.close()
    for step in steps:
        step(desk.session)
    desk.session.refresh(seen)
    assert seen.closed_by == "bob"
    of_closing = (AuditEvent.program_id == desk.program.id, AuditEvent.action == "promotion.close")
    assert desk.session.scalar(select(func.count()).select_from(AuditEvent).where(*of_closing)) == 0


def test_a_closed_promotion_is_not_published_anew_by_who_saw_it_running(desk: Desk, autumn: Running) -> None:
    seen = closed_meanwhile(desk, autumn)
    assert seen.closed_by is None
    with pytest.raises(PromotionInvalid, match="the promotion is closed"):
        autumn.publish(target={"default": 40_000})
    desk.session.refresh(seen)
    assert seen.closed_by == "bob"


def test_a_closed_promotion_gets_no_targets_by_who_saw_it_running(desk: Desk, autumn: Running) -> None:
    seen = closed_meanwhile(desk, autumn)
    assert seen.closed_by is None
    with pytest.raises(PromotionInvalid, match="the promotion is closed"):
        autumn.targets(D1=10)


def test_whoever_loads_a_programme_waits_for_who_closes_its_promotion_and_not_the_other_way_round(
    addresses: Addresses, code: str
) -> None:
    with sessions_of(addresses.database_url) as (_, registry), ThreadPoolExecutor(1) as pool:
        with transaction(registry) as session:
            program = load(session, document(code, promotions=[EXAMPLE]))
            promotion_id = reading.promotion_by_code(session, program.id, "autumn").id

        def publish() -> None:
            try:
                with transaction(registry) as session:
                    load(session, document(code, promotions=[{**EXAMPLE, "target": {"default": 40_000}}]))
            finally:
                registry.remove()

        with transaction(registry) as session:
            reading.locked(session, promotion_id)
            loading = pool.submit(publish)
            while session.scalar(_WAITS_FOR_ME) is None:
                assert not loading.done()
            closing.close(session, promotion_id, actor="ann", now=OVER)
        with pytest.raises(ProgramFileInvalid, match="the promotion is closed"):
            loading.result(timeout=30)


def test_a_promotion_that_is_closed_as_it_is_published_waits_for_who_counts_without_having_seen_it(
    addresses: Addresses, code: str
) -> None:
    with sessions_of(addresses.database_url) as (_, registry), ThreadPoolExecutor(1) as pool:
        with transaction(registry) as session:
            program = load(session, document(code))
            who, what = people(session, program, ["D1"])["D1"], goods(session, program, {"P": None})["P"]

        def publish_and_close() -> int:
            try:
                with transaction(registry) as session:
                    program = load(session, document(code, promotions=[EXAMPLE]))
                    promotion_id = reading.promotion_by_code(session, program.id, "autumn").id
                with transaction(registry) as session:
                    return closing.close(session, promotion_id, actor="ann", now=OVER).given
            finally:
                registry.remove()

        with transaction(registry) as session:
            program = session.merge(program)
            sell(session, program, [Sold("1", who, what, 1, 50_000_00)])
            closed = pool.submit(publish_and_close)
            while session.scalar(_WAITS_FOR_ME) is None:
                assert not closed.done()
        assert closed.result(timeout=30) == 1_000
