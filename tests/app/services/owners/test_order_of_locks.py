"""Whoever lets points move locks wallets before what asked for it, as a merge does that hands both over."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from app.db.transaction import Sessions, transaction
from app.domain.program_file.promotion_definition import Promotion
from app.domain.states import DocumentKind, DocumentStatus
from app.models.desk import AdjustmentRequest
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.models.transfers import PointsTransfer
from app.services.by_hand import adjustments, merging
from app.services.ledger.accounts import lock_wallets
from app.services.orders.holding import lock_in_order
from app.services.owners import pools, transfers
from app.services.promotions import publishing
from app.services.promotions.reading import locked, promotion_by_code, scale_of
from app.services.rulebooks import rules_of
from tests.support import programs
from tests.support.desk import CORRECTING, IN_REVIEW
from tests.support.meetings import elsewhere, wait_for_a_waiter
from tests.support.programs import NOW
from tests.support.sales import Sold, sell
from tests.support.shop import Shop
from verification.deciding.decisions import decide, decide_together

AUTUMN: dict[str, Any] = {
    "code": "autumn",
    "name": "Autumn",
    "from": "2026-03-01",
    "until": "2026-11-30",
    "target": {"default": 100},
    "steps": [{"reach": 10_000, "reward": {"points": 5}}],
}


def program_of(session: Session, code: str) -> Program:
    return session.scalars(select(Program).where(Program.code == code)).one()


@pytest.fixture
def who(registry: Sessions, code: str) -> dict[str, int]:
    """Two distributors, of whom the first has points, committed for others to see."""
    with transaction(registry) as session:
        program = programs.load(session, programs.document(code))
        program.settings["accounts"]["transfers"]["asked_by"] = "participants"
        flag_modified(program, "settings")
        people, goods = programs.people(session, program), programs.goods(session, program, {"P": None})
        sell(session, program, [Sold("1", people["D1"], goods["P"], 10, 100_00)])
    return people


def ask_for_transfer(session: Session, program: Program, who: dict[str, int]) -> int:
    said: dict[str, Any] = {"key": "1", "note": "a fair", "actor": "ann", "by_participant": False, "now": NOW}
    return transfers.request(session, program, who["D1"], who["D2"], 3, **said)


def ask_for_adjustment(session: Session, program: Program, who: dict[str, int]) -> int:
    said: dict[str, Any] = {"reason_code": "complaint", "note": "a fair", "actor": "ann", "now": NOW}
    return adjustments.request(session, program, who["D1"], 3, **said)


def approve_transfer(session: Session, program: Program, asked: int) -> None:
    transfers.approve(session, program, asked, actor="ben", roles=("approver",), now=NOW)


def approve_adjustment(session: Session, program: Program, asked: int) -> None:
    adjustments.approve(session, program, asked, actor="ben", now=NOW)


def done_behind_both_wallets(
    app: Flask, registry: Sessions, who: dict[str, int], work: Callable[[Session], Any]
) -> None:
    """See that work waits for the wallet of D1 while it holds none: that of D2 can be had meanwhile."""
    with transaction(registry) as session:
        lock_wallets(session, np.asarray([who["D1"]]))
        with elsewhere(app, work) as done:
            wait_for_a_waiter(session)
            session.execute(text("set local lock_timeout = '5s'"))
            lock_wallets(session, np.asarray([who["D2"]]))
            session.commit()
            done.result(20)


@pytest.mark.parametrize(
    ("ask", "approve", "model"),
    [
        (ask_for_transfer, approve_transfer, PointsTransfer),
        (ask_for_adjustment, approve_adjustment, AdjustmentRequest),
    ],
)
def test_what_is_approved_is_not_held_while_waiting_for_a_wallet(
    app: Flask,
    registry: Sessions,
    code: str,
    who: dict[str, int],
    ask: Callable[[Session, Program, dict[str, int]], int],
    approve: Callable[[Session, Program, int], None],
    model: type[PointsTransfer | AdjustmentRequest],
) -> None:
    with transaction(registry) as session:
        asked = ask(session, program_of(session, code), who)
    with transaction(registry) as session:
        lock_wallets(session, np.asarray(list(who.values())))
        with elsewhere(app, lambda other: approve(other, program_of(other, code), asked)) as approved:
            wait_for_a_waiter(session)
            session.scalars(select(model.id).where(model.id == asked).with_for_update(nowait=True)).one()
            session.commit()
            approved.result(20)


def test_a_merge_waits_for_promotions_before_it_holds_wallets(
    app: Flask, registry: Sessions, code: str, who: dict[str, int]
) -> None:
    with transaction(registry) as session:
        program = program_of(session, code)
        definition = Promotion.model_validate(AUTUMN)
        publishing.publish(
            session, program.id, definition, scale_of(rules_of(session, program.id)), actor="ann", now=NOW
        )
        asked = merging.request(
            session, program, who["D1"], who["D2"], note="one shop", choices={}, actor="ann", now=NOW
        )

    def merge(other: Session) -> None:
        merging.approve(other, program_of(other, code), asked, actor="ben", now=NOW)

    with transaction(registry) as session:
        locked(session, promotion_by_code(session, program_of(session, code).id, AUTUMN["code"]).id)
        with elsewhere(app, merge) as merged:
            wait_for_a_waiter(session)
            # as bringing it up to date does, which pays: it would wait for whoever waits for it
            session.execute(text("set local lock_timeout = '5s'"))
            lock_wallets(session, np.asarray(list(who.values())))
            session.commit()
            merged.result(20)


def test_several_orders_are_held_with_all_their_wallets_before_the_first_is_touched(
    app: Flask, registry: Sessions, code: str, who: dict[str, int]
) -> None:
    """A sheet of deliveries names a later distributor first: whoever counts its sales meanwhile is waited for."""
    with transaction(registry) as session:
        program = program_of(session, code)
        goods = programs.goods(session, program, {"P": None})
        sell(session, program, [Sold("2", who["D2"], goods["P"], 10, 100_00)])
        shops = [Shop(session, program, who[one]) for one in ("D2", "D1")]
        shops[0].reward("mug", 5)
        orders = [shop.order({"mug": 1}) for shop in shops]
    done_behind_both_wallets(app, registry, who, lambda other: lock_in_order(other, orders))


@pytest.mark.parametrize("together", [False, True])
def test_a_document_of_whoever_left_a_pool_is_decided_behind_the_wallets_of_both(
    app: Flask, registry: Sessions, code: str, who: dict[str, int], together: bool
) -> None:
    """What a return took of a pool goes back to it: an import that brings sales of both would wait for ever."""
    given: dict[str, Any] = {"actor": "ann", "now": NOW}
    with transaction(registry) as session:
        program = program_of(session, code)
        goods = programs.goods(session, program, {"P": None})["P"]
        pool = pools.open_pool(session, program, "A", who["D1"], spending="holder", **given)
        pools.join(session, program, pool, who["D2"], **given)
        sell(session, program, [Sold("2", who["D2"], goods, 10, 100_00)])
        back = Sold("R", who["D2"], goods, -4, -40_00, kind=DocumentKind.CREDIT_NOTE, issued_on="2026-03-02")
        sell(session, program, [back], source=IN_REVIEW)
        pools.leave(session, program, pool, who["D2"], takes_own=False, **given)

    def refuse(other: Session) -> None:
        program = program_of(other, code)
        returned = select(SalesDocument.id).where(SalesDocument.program_id == program.id, SalesDocument.number == "R")
        number = other.scalars(returned).one()
        said: dict[str, Any] = {"reason": "not theirs", "actor": "ben", "now": NOW}
        if together:
            decide_together(other, program, [number], DocumentStatus.REFUSED, **said)
        else:
            decide(other, program, number, DocumentStatus.REFUSED, **said)

    done_behind_both_wallets(app, registry, who, refuse)


def test_an_import_corrects_a_document_of_whoever_left_a_pool_behind_the_wallets_of_both(
    app: Flask, registry: Sessions, code: str, who: dict[str, int]
) -> None:
    given: dict[str, Any] = {"actor": "ann", "now": NOW}
    with transaction(registry) as session:
        program = program_of(session, code)
        goods = programs.goods(session, program, {"P": None})["P"]
        pool = pools.open_pool(session, program, "A", who["D1"], spending="holder", **given)
        pools.join(session, program, pool, who["D2"], **given)
        sell(session, program, [Sold("2", who["D2"], goods, 10, 100_00)])
        pools.leave(session, program, pool, who["D2"], takes_own=False, **given)

    def correct(other: Session) -> None:
        admission = sell(other, program_of(other, code), [Sold("2", who["D2"], goods, 5, 50_00)], source=CORRECTING)
        assert admission.corrected == 1

    done_behind_both_wallets(app, registry, who, correct)


def test_a_merge_takes_back_what_both_have_behind_the_wallets_of_the_pool_that_has_its_points(
    app: Flask, registry: Sessions, code: str, who: dict[str, int]
) -> None:
    given: dict[str, Any] = {"actor": "ann", "now": NOW}
    with transaction(registry) as session:
        program = program_of(session, code)
        goods = programs.goods(session, program, {"P": None})["P"]
        pool = pools.open_pool(session, program, "A", who["D1"], spending="holder", **given)
        pools.join(session, program, pool, who["D3"], **given)
        sell(session, program, [Sold("2", who[one], goods, 10, 100_00) for one in ("D2", "D3")])
        pools.leave(session, program, pool, who["D3"], takes_own=False, **given)
        asked = merging.request(session, program, who["D3"], who["D2"], note="one shop", choices={}, **given)

    def merge(other: Session) -> None:
        merging.approve(other, program_of(other, code), asked, actor="ben", now=NOW)

    done_behind_both_wallets(app, registry, who, merge)
