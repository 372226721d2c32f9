"""The states in which forms stand that no other page of a world shows: what is over, what waits, who joined."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db.transaction import transaction
from app.domain.program_file.promotion_definition import Promotion as PromotionDefinition
from app.domain.states import TaxChangeKind, TransactionKind, Unit
from app.extensions import db
from app.models.ledger import Account, LedgerTransaction, Lot
from app.models.orders import RewardOrder
from app.models.programs import Program
from app.models.promotions import Promotion, PromotionGift, PromotionStanding
from app.models.rewards import Reward
from app.models.sales import SalesDocument
from app.models.transfers import PointsTransfer
from app.services.books import periods
from app.services.by_hand import adjustments
from app.services.goods import catalogue
from app.services.instants import promising
from app.services.ledger import expiring
from app.services.orders import approving, cancelling, money, moving, placing, purchase_credits
from app.services.owners import pools
from app.services.promotions import publishing
from app.services.setup import programs, tax_changes
from app.services.setup import promotion_editing as editing
from app.services.tiering import tier_giving, tier_judging
from prepaid.redeeming import redemptions
from tests.app.web.world import World
from tests.support.programs import load
from tests.support.sales import Sold, sell
from tests.support.shop import ADDRESS, Shop
from verification.claiming import picking

SOMEBODY = "somebody else"


def stand(world: World, many: int) -> list[str]:
    """Let them come about, ``many`` of what is decided many at once. Gives the addresses of their pages."""
    with world.app.app_context():
        with transaction(db.session) as session:
            a, b = (session.scalars(select(Program).where(Program.code == code)).one() for code in (world.a, world.b))
            _says(session, world, a)
            found = [
                *_tiers(session, world, a),
                *_claimed(session, world, a, many),
                *_lots(session, world, a, many),
                *_orders(session, world, a, many),
                *_money(session, world, a),
                *_instants(session, world, a),
                *_redemptions(session, world, a, many),
                *_gift(session, world, a),
                *_promotions(session, world, a),
                *_by_hand(session, world, a),
                *_transfers(session, world, a),
                *_purchases(session, world, a, many),
                *_pool(session, world, a),
                *_months(session, world, a, b),
                *_tax(session, world, a),
                f"/programs/{a.code}/merges/new?merged=Z-9&survivor=Z-10",
            ]
        db.session.remove()
    return found


def _tax(session: Session, world: World, a: Program) -> Iterator[str]:
    """Publish a tax rule of the programme's own, which may end, and let another one wait for a second person."""
    by: dict[str, Any] = {"actor": SOMEBODY, "now": world.clock()}
    said = {"title": "Friends", "applies_to": ["business_friend"], "reward_kinds": ["voucher"], "rate_bp": 0}
    said |= {"borne_by": "participant", "legal": "a ruling"}
    for code in ("FRIENDS-NOW", "FRIENDS-NEXT"):
        change = tax_changes.put(session, a, TaxChangeKind.RULE, code, said | {"code": code}, **by).id
        tax_changes.ask(session, a, change, **by)
        if code == "FRIENDS-NOW":
            tax_changes.publish(session, a, change, actor="another", now=world.clock())
    yield f"/programs/{a.code}/tax-rules"
    yield f"/programs/{a.code}/tax-changes/{change}"


def _says(session: Session, world: World, a: Program) -> None:
    """Let the programme's file have tiers, let participants give points, and ask for a second person wherever it can.

    The file, for pages load it again as it was loaded last.
    """
    document = programs.export(session, a.code)
    document["program"] = {
        **document["program"],
        "tiers": {"levels": [{"code": "gold", "name": "Gold partner", "from": "500"}]},
        "accounts": {"transfers": {"asked_by": "participants"}},
        "purchases": {"offered": True},
        "rules": {"second_person": True},
    }
    document["rewards"] = {"approve_above": "0"}
    load(session, document, world.clock())


def _tiers(session: Session, world: World, a: Program) -> Iterator[str]:
    """Let one have a tier that was given by hand."""
    by: dict[str, Any] = {"reason": "a good year", "actor": SOMEBODY, "now": world.clock()}
    tier_giving.give(session, a, world.distributors["D-5"], "gold", None, **by)
    tier_judging.judge(session, a, now=world.clock())
    yield f"/programs/{a.code}/distributors/{world.distributors['D-5']}/tier"


def _claimed(session: Session, world: World, a: Program, many: int) -> Iterator[str]:
    """Let somebody claim loaded sales, which may be taken back."""
    company, p1 = world.distributors["D-5"], catalogue.product_ids(session, a.id)["p1"]
    numbers = [f"CLAIMED/{at}" for at in range(many)]
    sell(session, a, [Sold(number, company, p1, 1, 10_000, "2026-03-01") for number in numbers])
    loaded = select(SalesDocument.id).where(SalesDocument.program_id == a.id, SalesDocument.number.in_(numbers))
    for document in session.scalars(loaded).all():
        picking.claim(session, a, company, document, "distributor", actor="distributor", now=world.clock())
    yield f"/portal/{a.code}/{company}/sales/claimed"


def _lots(session: Session, world: World, a: Program, many: int) -> Iterator[str]:
    """Let lots expire of one distributor, and let one of another end in a while."""
    p1, today = catalogue.product_ids(session, a.id)["p1"], world.clock().date()
    sold = [Sold(f"OVER/{at}", world.distributors["D-7"], p1, 1, 10_000, "2026-03-01") for at in range(many)]
    sell(session, a, [*sold, Sold("LASTS/1", world.distributors["D-3"], p1, 1, 10_000, "2026-03-01")])
    for code, last_day in (("D-7", today - dt.timedelta(days=2)), ("D-3", today + dt.timedelta(days=30))):
        account = select(Account.id).where(
            Account.distributor_id == world.distributors[code], Account.unit == Unit.POINTS
        )
        here = Lot.account_id == session.scalars(account).one()
        session.execute(update(Lot).values(expires_on=last_day).where(here))
        yield f"/programs/{a.code}/lots/{session.scalars(select(Lot.id).where(here).order_by(Lot.id).limit(1)).one()}"
    expiring.expire_due(session, a, now=world.clock())


def _orders(session: Session, world: World, a: Program, many: int) -> Iterator[str]:
    """Let two have points to spend, orders of one of them wait for a second person, and one more be delivered."""
    p1 = catalogue.product_ids(session, a.id)["p1"]
    spending = [
        Sold(f"SPENDS/{code}", world.distributors[code], p1, 1, 90_000, "2026-03-01") for code in ("D-2", "D-5")
    ]
    sell(session, a, spending)
    mug = session.scalars(select(Reward.id).where(Reward.program_id == a.id, Reward.code == "mug")).one()
    placed = [
        placing.place(
            session,
            world.keys,
            a,
            world.distributors["D-2"],
            placing.Wanted(f"key of order {at}", {mug: 1}, 1, ADDRESS),
            user_id=0,
            actor=SOMEBODY,
            now=world.clock(),
        )
        for at in range(many + 1)
    ]
    yield f"/programs/{a.code}/orders/{placed[0]}"
    came, by = placed[-1], {"actor": "a second person", "now": world.clock()}
    approving.approve(session, world.keys, a, came, **by)
    moving.order_by_hand(session, a, came, None, **by)
    moving.deliver(session, a, came, None, **by)
    yield f"/programs/{a.code}/orders/{came}"


def _money(session: Session, world: World, a: Program) -> Iterator[str]:
    """Let an order wait for its money, one have money that goes back, and one not know where it goes."""
    by: dict[str, Any] = {"actor": SOMEBODY, "now": world.clock()}
    owner = world.distributors["D-5"]
    shop = Shop(session, a, owner)
    shop.reward("kite", 2, cash_points=1, cash_minor=1_00)
    kite = shop.row("kite").id
    said: dict[str, Any] = {"address": ADDRESS, "with_cash": frozenset({kite})}
    waits, goes_back, homeless = (
        placing.place(
            *(session, world.keys, a, owner),
            placing.Wanted(f"key of {name}", {kite: 1}, 1, cash_minor=1_00, **said),
            user_id=0,
            **by,
        )
        for name in ("an order that waits", "one that is paid", "one without address")
    )
    for one in (goes_back, homeless):
        money.paid(session, world.keys, a, one, note="transfer", **by)
        approving.approve(session, world.keys, a, one, actor="another", now=world.clock())
    cancelling.cancel(session, a, goes_back, None, reason="sold out", **by)
    session.execute(update(RewardOrder).where(RewardOrder.id == homeless).values(address=None))
    yield f"/programs/{a.code}/orders/{waits}"
    yield f"/programs/{a.code}/orders/{goes_back}"
    yield f"/portal/{a.code}/{owner}/orders/{homeless}"


def _instants(session: Session, world: World, a: Program) -> Iterator[str]:
    """Let sales bring a reward, if ever one is so large."""
    gift = session.scalars(select(Reward).where(Reward.program_id == a.id, Reward.code == "mug")).one()
    rule = promising.rules_to_choose(session, a.id)[0]
    promising.put(
        *(session, a, gift),
        promising.Said("For a sale beyond all", rule, 10**11, first_on=world.clock().date()),
        actor=SOMEBODY,
        now=world.clock(),
    )
    yield f"/programs/{a.code}/rewards/{gift.id}"


def _redemptions(session: Session, world: World, a: Program, many: int) -> Iterator[str]:
    """Let one of them have asked for money, a point at a time."""
    owner = world.distributors["D-2"]
    asked = [
        redemptions.ask(session, a, owner, 1, key=f"money {at}", actor=SOMEBODY, now=world.clock())
        for at in range(many)
    ]
    yield f"/programs/{a.code}/redemptions/{asked[0]}"
    yield f"/portal/{a.code}/{owner}/redemptions/{asked[0]}"


def _gift(session: Session, world: World, a: Program) -> Iterator[str]:
    """Let a promotion owe somebody a reward of the catalogue."""
    of_a = select(PromotionStanding).join(Promotion, Promotion.id == PromotionStanding.promotion_id)
    standing = session.scalars(of_a.where(Promotion.program_id == a.id).order_by(PromotionStanding.id).limit(1)).one()
    session.add(PromotionGift(standing_id=standing.id, reward_code="gift", earned_at=world.clock()))
    session.flush()
    yield f"/programs/{a.code}/promotions/{standing.promotion_id}"


def _promotions(session: Session, world: World, a: Program) -> Iterator[str]:
    """Let somebody have written two promotions, of which one waits for a second person."""
    for code in ("written", "waits"):
        told = {"code": code, "name": code, "from": "2026-01-01", "until": "2026-12-31"}
        told |= {"target": {"default": 10}, "steps": [{"reach": 10_000, "reward": {"points": 1}}]}
        drafted = PromotionDefinition.model_validate(told)
        one = publishing.draft(session, a.id, drafted, actor=SOMEBODY, now=world.clock())
        session.flush()
        yield f"/programs/{a.code}/promotions/{one.id}"
    editing.ask(session, one.id, actor=SOMEBODY, now=world.clock())


def _by_hand(session: Session, world: World, a: Program) -> Iterator[str]:
    """Let a hand have given one of them points, which may be disputed."""
    owner = world.distributors["D-5"]
    given = adjustments.request(
        session, a, owner, 3, reason_code="goodwill", note="a good year", actor="one", now=world.clock()
    )
    adjustments.approve(session, a, given, actor="another", now=world.clock())
    kind = LedgerTransaction.kind == TransactionKind.ADJUST
    hand = session.scalars(select(LedgerTransaction.id).where(LedgerTransaction.program_id == a.id, kind)).all()
    yield f"/programs/{a.code}/distributors/{owner}/movements/{hand[-1]}/dispute"


def _transfers(session: Session, world: World, a: Program) -> Iterator[str]:
    """Let wait what the owner of the platform and a distributor asked for."""
    for name in ("owner", "distributor"):
        made = PointsTransfer(
            program_id=a.id,
            giver_id=world.distributors["D-5"],
            receiver_id=world.distributors["D-6"],
            unit=Unit.POINTS,
            amount=1,
            key=f"key of {name}",
            note="for a fair",
            state="waiting",
            requested_by=world.login(name),
            requested_at=world.clock(),
        )
        session.add(made)
        session.flush()
        if name == "owner":
            yield f"/programs/{a.code}/transfers/{made.id}"


def _purchases(session: Session, world: World, a: Program, many: int) -> Iterator[str]:
    """Let a distributor have set points aside for a purchase, and may do so again."""
    owner = world.distributors["D-5"]
    by: dict[str, Any] = {"actor": SOMEBODY, "now": world.clock()}
    for at in range(many):
        purchase_credits.ask(session, world.keys, a, owner, Unit.POINTS, 1, key=f"purchase {at}", **by)
    yield f"/portal/{a.code}/{owner}/purchases"


def _pool(session: Session, world: World, a: Program) -> Iterator[str]:
    """Let a distributor join a pool."""
    holder, member = world.distributors["D-3"], world.distributors["D-4"]
    by: dict[str, Any] = {"actor": SOMEBODY, "now": world.clock()}
    pool = pools.open_pool(session, a, "Two together", holder, spending="members", **by)
    pools.join(session, a, pool, member, **by)
    yield f"/programs/{a.code}/pools/{pool}/leave/{member}"


def _months(session: Session, world: World, a: Program, b: Program) -> Iterator[str]:
    """Close the first months of both programmes; of the second somebody asks for one to be opened again."""
    by: dict[str, Any] = {"actor": SOMEBODY, "now": world.clock()}
    for program in (a, b):
        periods.close(session, program, dt.date(2026, 2, 1), **by)
    closing = periods.newest_closing(session, b)
    assert closing is not None
    periods.ask_to_reopen(session, b, closing.id, why="A return came late.", **by)
    yield f"/programs/{b.code}/periods"
