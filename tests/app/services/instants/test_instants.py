"""Rewards that sales bring at once: each document once, paid by the sponsor, taken back where it is not handed over."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db.transaction import Sessions, transaction
from app.domain.roles import Person, Role
from app.domain.states import DocumentKind, DocumentStatus, InstantState, OrderState, RewardKind, Unit
from app.models.distributors import Distributor
from app.models.instants import InstantGrant, InstantReward, InstantTouched
from app.models.orders import RewardOrder
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.services import chores
from app.services.access import erasure
from app.services.anew import touched
from app.services.by_hand import merging
from app.services.instants import due, giving, promising
from app.services.instants.promising import InstantWrong, Said
from app.services.ledger.ledger_check import proved
from app.services.orders import cancelling
from app.services.owners import pools
from app.services.rewarding import vouchers
from app.services.rewarding.offers import Purse
from app.services.telling import notices
from app.services.tracing import balances, chain
from tests.support import programs
from tests.support.programs import BASE_RULE, NOW
from tests.support.sales import Sold, sell
from tests.support.shop import ADDRESS, BEN, KEYS, Shop
from verification.deciding.decisions import decide

FIRST = dt.date(2026, 3, 1)
CASH = {"code": "cash", "name": "Cash", "kind": "per_line", "unit": "money", "points": "1.00"}
EVENT = {"code": "trained", "name": "Trained", "kind": "event", "event": "training", "points": 5}


class Counter:
    """A programme with rewards that sales bring."""

    def __init__(self, registry: Sessions, session: Session, code: str, **program: Any) -> None:
        self.registry, self.session, self.code = registry, session, code
        rules = [dict(BASE_RULE), CASH, EVENT]
        self.program: Program = programs.load(session, programs.document(code, earning_rules=rules, program=program))
        self.who = programs.people(session, self.program)
        self.what = programs.goods(session, self.program, {"P": None})["P"]
        self.shop = Shop(session, self.program, self.who["D1"])

    def promise(self, reward: str, **more: Any) -> int:
        said = Said(**{"name": "a gift", "rule": "BASE", "least": 100, "first_on": FIRST, **more})
        row = self.shop.row(reward)
        return promising.put(self.session, self.program, row, said, actor=BEN, now=NOW)

    def sold(self, number: str, amount: int, who: str = "D1", on: str = "2026-03-02", **more: Any) -> None:
        sell(self.session, self.program, [Sold(number, self.who[who], self.what, 1, amount, on, **more)])

    def look(self) -> tuple[int, int, int]:
        self.session.commit()
        done = due.run_due(self.registry, KEYS, NOW, self.code)
        self.session.expire_all()
        return done.given, done.taken, done.waiting

    def orders(self) -> list[tuple[OrderState, int]]:
        of = RewardOrder.program_id == self.program.id
        rows = self.session.execute(select(RewardOrder.state, RewardOrder.points).where(of).order_by(RewardOrder.id))
        return [(state, points) for state, points in rows]

    def points(self, who: str = "D1") -> tuple[int, int, int]:
        found = balances.balance_of(self.session, self.program.id, who, Unit.POINTS)
        return found.available, found.reserved, found.spent

    def order(self) -> int:
        """Give the newest order."""
        of = RewardOrder.program_id == self.program.id
        return self.session.scalars(select(RewardOrder.id).where(of).order_by(RewardOrder.id.desc()).limit(1)).one()

    def ids(self) -> list[int]:
        of = RewardOrder.program_id == self.program.id
        return list(self.session.scalars(select(RewardOrder.id).where(of).order_by(RewardOrder.id)))

    def whereto(self, at: int) -> tuple[dict[str, str] | None, str | None]:
        """Tell where an order goes, and who said so."""
        order = self.session.get_one(RewardOrder, self.ids()[at])
        return order.address, order.address_by

    def states(self) -> list[InstantState]:
        mine = InstantReward.program_id == self.program.id
        query = select(InstantGrant.state).join(InstantReward, InstantReward.id == InstantGrant.instant_id)
        return list(self.session.scalars(query.where(mine).order_by(InstantGrant.id)))

    def touched(self) -> int:
        mine = InstantReward.program_id == self.program.id
        query = select(InstantTouched.id).join(InstantReward, InstantReward.id == InstantTouched.instant_id)
        return len(self.session.scalars(query.where(mine)).all())

    def becomes(self, number: str, status: DocumentStatus) -> None:
        """Let a document be looked at, or not any more, as a correction of it does."""
        same = (SalesDocument.program_id == self.program.id, SalesDocument.number == number)
        id_ = self.session.scalars(select(SalesDocument.id).where(*same)).one()
        self.session.execute(update(SalesDocument).where(SalesDocument.id == id_).values(status=status))
        touched.touch(self.session, self.program.id, [id_])

    def decide(self, number: str, status: DocumentStatus) -> None:
        """Decide the newest document of a number."""
        same = (SalesDocument.program_id == self.program.id, SalesDocument.number == number)
        id_ = self.session.scalars(select(SalesDocument.id).where(*same).order_by(SalesDocument.id.desc())).first()
        assert id_ is not None
        decide(self.session, self.program, id_, status, reason="looked at", actor="ann", now=NOW)


@pytest.fixture
def counter(registry: Sessions, code: str) -> Counter:
    with transaction(registry) as session:
        Counter(registry, session, code)
    return Counter(registry, registry(), code)


def test_a_sale_brings_goods_once_and_they_are_taken_back_with_it(counter: Counter) -> None:
    counter.shop.reward("mug", 80, stock=5)
    counter.promise("mug")
    counter.sold("1", 1_000_00)
    counter.sold("2", 999_99)
    counter.sold("3", 1_000_00, on="2026-02-28")
    assert counter.look() == (1, 0, 0)
    assert counter.look() == (0, 0, 0)
    assert counter.orders() == [(OrderState.APPROVED, 80)]
    assert counter.points() == (299, 80, 0), "the gift costs them nothing"
    assert counter.shop.row("mug").stock == 4
    order = counter.session.scalars(select(RewardOrder.id).where(RewardOrder.program_id == counter.program.id)).one()
    assert giving.of_order(counter.session, order) == ("a gift", "1")
    ((lot, amount),) = chain.order(counter.session, order)
    assert (amount, lot.source.reason) == (80, "a gift")
    counter.decide("1", DocumentStatus.REFUSED)
    assert counter.look() == (0, 1, 0)
    assert counter.orders() == [(OrderState.CANCELLED, 80)]
    assert counter.points() == (199, 0, 0)
    assert counter.shop.row("mug").stock == 5
    told = [one.kind for one in notices.newest(counter.session, counter.program.id, counter.who["D1"], 0, limit=9)]
    assert told[:2] == ["instant_taken", "instant_reward"] or set(told) >= {"instant_taken", "instant_reward"}
    assert proved(counter.session) == []


def test_what_came_back_with_a_return_that_counts_no_more_is_not_taken_off(counter: Counter) -> None:
    counter.shop.reward("mug", 80, stock=5)
    counter.promise("mug")
    counter.sold("1", 1_500_00)
    assert counter.look() == (1, 0, 0)
    back = {"kind": DocumentKind.CREDIT_NOTE, "corrects": "1"}
    for number in ("K1", "K2"):
        sold = Sold(number, counter.who["D1"], counter.what, -0.3, -450_00, "2026-03-05", **back)
        sell(counter.session, counter.program, [sold])
        assert counter.look() == (0, 0, 0), "105 of 150 are left"
        counter.decide(number, DocumentStatus.REFUSED)
    sold = Sold("K3", counter.who["D1"], counter.what, -0.4, -600_00, "2026-03-06", **back)
    sell(counter.session, counter.program, [sold])
    assert counter.look() == (0, 1, 0), "90 are left"
    counter.decide("K3", DocumentStatus.REFUSED)
    assert counter.look() == (1, 0, 0), "and all of them again"


def test_what_was_handed_over_is_kept_and_a_return_takes_back_as_well(counter: Counter) -> None:
    counter.shop.reward("gift", 50, kind=RewardKind.VOUCHER)
    new = [vouchers.NewCode("AAA-1"), vouchers.NewCode("AAA-2")]
    vouchers.take_in(counter.session, KEYS, counter.shop.row("gift"), new, actor=BEN, now=NOW)
    counter.promise("gift")
    counter.sold("1", 2_000_00)
    counter.sold("2", 2_000_00)
    counter.sold("3", 2_000_00)
    assert counter.look() == (2, 0, 1), "there are two codes"
    assert counter.orders() == [(OrderState.DELIVERED, 50)] * 2
    counter.decide("1", DocumentStatus.REFUSED)
    assert counter.look()[1] == 0
    states = (
        select(InstantGrant.state).order_by(InstantGrant.id).where(InstantGrant.distributor_id == counter.who["D1"])
    )
    assert list(counter.session.scalars(states)) == [InstantState.KEPT, InstantState.GIVEN]
    assert proved(counter.session) == []


def test_it_is_given_so_often_and_to_those_who_take_part(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    counter.shop.reward("mug", 80)
    one = counter.promise("mug", per_distributor=1, budget=2, pieces=2, last_on=dt.date(2026, 3, 31))
    for number in ("1", "2"):
        counter.sold(number, 1_000_00)
    counter.sold("3", 1_000_00, "D2")
    counter.sold("4", 1_000_00, "D3")
    counter.session.get_one(Distributor, counter.who["D2"]).blocked = True
    assert counter.look() == (2, 0, 1), "what the blocked one sold waits"
    assert counter.orders() == [(OrderState.APPROVED, 160)] * 2
    assert counter.points("D3") == (100, 160, 0)
    (standing,) = promising.of_reward(counter.session, counter.shop.row("mug").id)
    assert (standing.given, standing.rule) == (2, "base")
    assert promising.promised(counter.session, counter.program.id, dt.date(2026, 4, 1)) == []
    assert len(promising.promised(counter.session, counter.program.id, dt.date(2026, 3, 31))) == 1
    monkeypatch.setattr(promising, "MOST_PROMISED", 0)
    assert promising.promised(counter.session, counter.program.id, dt.date(2026, 3, 31)).more == 1
    reward = counter.shop.row("mug")
    assert promising.stop(counter.session, reward, one, actor=BEN, now=NOW)
    assert not promising.stop(counter.session, reward, one, actor=BEN, now=NOW)
    counter.sold("5", 1_000_00)
    assert counter.look() == (0, 0, 0)


def test_whoever_cancels_what_a_sale_brought_gains_nothing(counter: Counter) -> None:
    counter.shop.reward("mug", 80, stock=5)
    counter.promise("mug", pieces=2)
    counter.sold("1", 1_000_00)
    assert counter.look() == (1, 0, 0)
    order = counter.order()
    (line,) = counter.shop.lines(order)
    counter.shop.cancel(order, {line.id: 1}, actor="ann", by_owner=True)
    assert counter.points() == (100, 80, 0)
    counter.shop.cancel(order, actor="ann", by_owner=True)
    assert (counter.points(), counter.states()) == ((100, 0, 0), [InstantState.CALLED_OFF])
    counter.decide("1", DocumentStatus.REFUSED)
    assert counter.look() == (0, 0, 0)
    assert counter.points() == (0, 0, 0)
    assert proved(counter.session) == []


def test_what_was_taken_back_comes_again_with_the_sale_and_nobody_takes_it_while_somebody_looks(
    counter: Counter,
) -> None:
    counter.shop.reward("mug", 80)
    counter.promise("mug")
    counter.sold("1", 1_000_00)
    assert counter.look() == (1, 0, 0)
    counter.becomes("1", DocumentStatus.REVIEW)
    assert counter.look() == (0, 0, 0)
    counter.becomes("1", DocumentStatus.REFUSED)
    assert counter.look() == (0, 1, 0)
    counter.becomes("1", DocumentStatus.ACCEPTED)
    assert counter.look() == (1, 0, 0)
    assert counter.states() == [InstantState.TAKEN_BACK, InstantState.GIVEN]
    assert proved(counter.session) == []


def test_what_is_on_its_way_is_kept(counter: Counter) -> None:
    counter.shop.reward("mug", 80)
    counter.promise("mug")
    counter.sold("1", 1_000_00)
    assert counter.look() == (1, 0, 0)
    counter.shop.ordered(counter.order())
    counter.decide("1", DocumentStatus.REFUSED)
    assert counter.look() == (0, 0, 0)
    assert (counter.states(), counter.points()) == ([InstantState.KEPT], (0, 80, 0))


def test_a_merge_leaves_what_sales_brought_where_it_is(counter: Counter) -> None:
    counter.shop.reward("gift", 50, kind=RewardKind.VOUCHER)
    new = [vouchers.NewCode(f"AAA-{at}") for at in range(9)]
    vouchers.take_in(counter.session, KEYS, counter.shop.row("gift"), new, actor=BEN, now=NOW)
    counter.promise("gift")
    counter.sold("1", 1_000_00)
    counter.sold("2", 1_000_00, "D2")
    assert counter.look() == (2, 0, 0)
    keys = select(InstantGrant.document_key).where(InstantGrant.distributor_id == counter.who["D1"])
    (before,) = counter.session.scalars(keys)
    asked = merging.request(
        *(counter.session, counter.program, counter.who["D1"], counter.who["D2"]),
        note="one shop",
        choices={},
        actor="ann",
        now=NOW,
    )
    merging.approve(counter.session, counter.program, asked, actor=BEN, now=NOW)
    assert counter.look() == (0, 0, 0)
    assert counter.states() == [InstantState.GIVEN] * 2
    theirs = select(InstantGrant.document_key).where(InstantGrant.distributor_id == counter.who["D2"])
    there = list(counter.session.scalars(theirs))
    assert (len(there), before in there) == (2, False), "it follows its document's new key"
    assert (counter.touched(), proved(counter.session)) == (0, [])


def test_only_what_was_touched_is_looked_at_and_what_fails_keeps_nobody_waiting(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter.shop.reward("mug", 80)
    counter.shop.reward("cap", 80)
    counter.sold("1", 1_000_00)
    for reward in ("mug", "cap"):
        counter.promise(reward)
    real = due.give

    def give(session: Session, keys: Any, program: Program, instant: Any, *rest: Any) -> bool:
        if instant.reward_id == counter.shop.row("mug").id:
            raise ValueError("something unforeseen")
        return real(session, keys, program, instant, *rest)

    monkeypatch.setattr(due, "give", give)
    with pytest.raises(ExceptionGroup):
        counter.look()
    counter.session.expire_all()
    assert len(counter.orders()) == 1
    monkeypatch.undo()
    assert counter.look() == (1, 0, 0), "it is tried again, and the other one is not looked at"
    assert counter.touched() == 0


def test_a_draw_that_is_not_promised_brings_no_tickets(counter: Counter) -> None:
    counter.shop.reward("trip", 20, kind=RewardKind.DRAW)
    with pytest.raises(InstantWrong) as wrong:
        counter.promise("trip")
    assert wrong.value.code == "draw"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"rule": "none"}, "rule"),
        ({"rule": "cash"}, "unit"),
        ({"rule": "trained"}, "unit"),
        ({"last_on": FIRST - dt.timedelta(days=1)}, "days"),
    ],
)
def test_what_does_not_fit_together_is_refused(counter: Counter, said: dict[str, Any], why: str) -> None:
    counter.shop.reward("mug", 80)
    with pytest.raises(InstantWrong) as wrong:
        counter.promise("mug", **said)
    assert wrong.value.code == why
    assert promising.rules_to_choose(counter.session, counter.program.id) == ["base"]


def test_a_gift_takes_nothing_of_a_tiers_share_and_adds_nothing_to_it(registry: Sessions, code: str) -> None:
    half = {"levels": [{"code": "all", "name": "All", "from": 1, "redeemable_bp": 5000}]}
    with transaction(registry) as session:
        Counter(registry, session, code, tiers=half)
    counter = Counter(registry, registry(), code, tiers=half)
    counter.shop.reward("gift", 50, kind=RewardKind.VOUCHER)
    counter.shop.reward("mug", 80)
    new = [vouchers.NewCode("AAA-1"), vouchers.NewCode("AAA-2")]
    vouchers.take_in(counter.session, KEYS, counter.shop.row("gift"), new, actor=BEN, now=NOW)
    counter.promise("gift", name="a voucher")
    counter.sold("1", 1_000_00)
    counter.session.commit()

    def left() -> int:
        return Purse(counter.session, counter.program, counter.who["D1"], NOW.date()).redeemable

    assert left() == 50
    assert counter.look() == (1, 0, 0)
    assert counter.points() == (100, 0, 50), "the gift is handed over"
    assert left() == 50
    counter.promise("mug", name="a mug", least=200)
    counter.sold("2", 2_000_00)
    assert counter.look() == (2, 0, 0)
    assert counter.points() == (300, 80, 100), "one more is handed over, and one is on its way"
    assert left() == 150
    cancelling.cancel(counter.session, counter.program, counter.order(), None, reason="gone", actor=BEN, now=NOW)
    counter.session.expire_all()
    assert (counter.points(), left()) == ((300, 0, 100), 150)
    assert proved(counter.session) == []


def test_in_a_pool_it_is_of_whoever_sold(counter: Counter) -> None:
    given = (counter.session, counter.program)
    by: dict[str, Any] = {"actor": "ann", "now": NOW}
    pool = pools.open_pool(*given, "ours", counter.who["D1"], spending="holder", **by)
    pools.join(*given, pool, counter.who["D2"], **by)
    counter.shop.reward("mug", 80)
    counter.promise("mug")
    counter.sold("1", 1_000_00, "D2")
    assert counter.look() == (1, 0, 0)
    shares = {one.code: (one.earned, one.spent) for one in pools.contributions(counter.session, pool)}
    assert shares["D2"][0] >= 180, "the member's sale, and what it brought"
    assert "D1" not in shares, "who did nothing"
    counter.decide("1", DocumentStatus.REFUSED)
    assert counter.look() == (0, 1, 0)
    assert {one.earned - one.spent for one in pools.contributions(counter.session, pool)} == {0}
    assert proved(counter.session) == []


def test_the_sponsors_points_go_from_the_pool_in_which_they_came(counter: Counter) -> None:
    given = (counter.session, counter.program)
    by: dict[str, Any] = {"actor": "ann", "now": NOW}
    pool = pools.open_pool(*given, "ours", counter.who["D1"], spending="holder", **by)
    pools.join(*given, pool, counter.who["D2"], **by)
    counter.shop.reward("mug", 80)
    counter.promise("mug")
    counter.sold("1", 1_000_00, "D2")
    assert counter.look() == (1, 0, 0)
    pools.leave(*given, pool, counter.who["D2"], takes_own=False, **by)
    cancelling.cancel(*given, counter.order(), None, reason="out of stock", actor=BEN, now=NOW)
    assert (counter.points("D1"), counter.points("D2")) == ((100, 0, 0), (0, 0, 0))
    assert proved(counter.session) == []


def test_goods_go_where_somebody_said_who_is_here_and_nobody_keeps_it_when_they_are_erased(
    counter: Counter, person: Callable[..., Person]
) -> None:
    ann = person(counter.program, Role.OWNER, counter.who["D1"])
    ben = person(counter.program, Role.ADMINISTRATOR)
    counter.shop.reward("mug", 80)
    for number in ("1", "2"):
        counter.sold(number, 1_000_00)
    counter.shop.order({"mug": 1}, actor=ann.login)
    counter.promise("mug")
    assert counter.look() == (2, 0, 0)
    _, came, going = (counter.whereto(at) for at in range(3))
    assert came == going == (ADDRESS, ann.login)
    ids = counter.ids()
    for id_ in ids[:2]:
        counter.shop.ordered(id_)
        counter.shop.ship(id_)
        counter.shop.deliver(id_)
    erasure.erase(counter.session, ann.id, by=ben, reason="asked", now=NOW)
    counter.session.expire_all()
    assert [counter.whereto(at)[0] for at in range(3)] == [None, None, ADDRESS], "the last one is on its way"
    counter.shop.cancel(ids[2])
    counter.session.commit()
    chores.run(counter.registry, NOW, counter.code)
    counter.session.expire_all()
    assert counter.whereto(2) == (None, None)
    counter.sold("3", 1_000_00)
    assert counter.look() == (1, 0, 0)
    assert counter.whereto(3) == (None, None), "it is asked"
