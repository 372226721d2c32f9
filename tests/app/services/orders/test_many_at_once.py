"""Twenty order at once: stock, limits, codes and points are exact, and nothing is spent twice."""

import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

from app.domain.states import Unit
from app.local.servers import Addresses
from app.models.orders import DrawTicket, OrderLine, RewardOrder, VoucherCode
from app.models.programs import Program
from app.services.ledger import ledger_check
from app.services.orders.placing import OrderRefused
from app.services.rewarding import draws, vouchers
from app.services.tracing import balances
from tests.support import programs
from tests.support.programs import NOW
from tests.support.sales import Sold, sell
from tests.support.shop import ANN, DRAW, KEYS, VOUCHER, Shop

THREADS = 20


class Market:
    """A programme with distributors of 1,000 points each, committed, and threads that order in it."""

    def __init__(self, url: str, code: str) -> None:
        self.engine = create_engine(url, pool_size=THREADS, max_overflow=2)
        with Session(self.engine) as session:
            program = programs.load(session, programs.document(code))
            self.program_id = program.id
            self.people = list(programs.people(session, program, [f"D{one}" for one in range(5)]).values())
            goods = programs.goods(session, program, {"P": None})["P"]
            sell(session, program, [Sold(f"F{one}", one, goods, 1, 10_000_00) for one in self.people])
            shop = self.shop(session, self.people[0])
            shop.reward("mug", 10, stock=7)
            shop.reward("cap", 10, per_person=3)
            shop.reward("car", 600)
            shop.reward("gift", 10, kind=VOUCHER)
            codes = [vouchers.NewCode(f"C-{one}") for one in range(9)]
            vouchers.take_in(session, KEYS, shop.row("gift"), codes, actor=ANN, now=NOW)
            shop.reward("ticket", 10, kind=DRAW)
            draws.prepare(session, KEYS, shop.row("ticket"), 1, actor=ANN, now=NOW)
            session.commit()

    def shop(self, session: Session, owner: int) -> Shop:
        return Shop(session, session.get_one(Program, self.program_id), owner)

    def at_once(self, wanted: dict[str, int], key: Callable[[int], str] = lambda one: f"{one}") -> Counter[str]:
        """Let twenty order the same at once; count what became of it."""
        ready = threading.Barrier(THREADS)

        def one(number: int) -> str:
            with Session(self.engine) as session:
                shop = self.shop(session, self.people[number % len(self.people)])
                ready.wait(timeout=30)
                try:
                    shop.order(wanted, key=f"{sorted(wanted)}:{key(number)}")
                    session.commit()
                except OrderRefused as problem:
                    session.rollback()
                    return problem.problems[0].code
            return "ordered"

        with ThreadPoolExecutor(THREADS) as pool:
            return Counter(pool.map(one, range(THREADS)))


@pytest.fixture(scope="module")
def market(addresses: Addresses) -> Iterator[Market]:
    made = Market(addresses.database_url, f"p-{uuid.uuid4().hex[:12]}")
    yield made
    with Session(made.engine) as session:
        assert ledger_check.proved(session) == []
    made.engine.dispose()


def test_there_are_as_many_as_the_stock_says(market: Market) -> None:
    assert market.at_once({"mug": 1}) == {"ordered": 7, "stock": 13}
    with Session(market.engine) as session:
        assert market.shop(session, market.people[0]).row("mug").stock == 0


def test_nobody_gets_more_than_the_limit(market: Market) -> None:
    assert market.at_once({"cap": 1}) == {"ordered": 15, "limit": 5}


def test_no_point_is_spent_twice(market: Market) -> None:
    assert market.at_once({"car": 1}) == {"ordered": 5, "points": 15}
    with Session(market.engine) as session:
        found = balances.balance_of(session, market.program_id, "D0", Unit.POINTS)
        assert found.available >= 0


def test_each_code_is_given_once(market: Market) -> None:
    assert market.at_once({"gift": 1}) == {"ordered": 9, "stock": 11}
    with Session(market.engine) as session:
        reward_id = market.shop(session, market.people[0]).row("gift").id
        given = session.scalars(select(VoucherCode.line_id).where(VoucherCode.reward_id == reward_id)).all()
    assert None not in given
    assert len(set(given)) == 9


def test_tickets_are_numbered_without_a_gap(market: Market) -> None:
    assert market.at_once({"ticket": 1}) == {"ordered": 20}
    with Session(market.engine) as session:
        numbers = session.scalars(
            select(DrawTicket.number)
            .join(OrderLine, OrderLine.id == DrawTicket.line_id)
            .join(RewardOrder, RewardOrder.id == OrderLine.order_id)
            .where(RewardOrder.program_id == market.program_id)
        ).all()
    assert sorted(numbers) == list(range(1, 21))


def test_who_presses_twenty_times_orders_once(market: Market) -> None:
    assert market.at_once({"mug": 1, "cap": 1}, key=lambda _one: "same")["ordered"] == 0
    with Session(market.engine) as session, session.begin():
        market.shop(session, market.people[0]).reward("pen", 1)
    assert market.at_once({"pen": 1}, key=lambda _one: "same") == {"ordered": 20}
    with Session(market.engine) as session:
        placed = session.scalar(
            select(func.count())
            .select_from(OrderLine)
            .join(RewardOrder, RewardOrder.id == OrderLine.order_id)
            .where(RewardOrder.program_id == market.program_id, OrderLine.name == "Reward pen")
        )
    assert placed == 5, "one for each distributor"
