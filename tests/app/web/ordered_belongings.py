"""Rewards and orders for both programmes of a world, and for both distributors of the first."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.exports import supplier_orders
from app.models.people import UserAccount
from app.models.programs import Program
from app.models.rewards import RewardPicture
from app.services.orders import baskets, placing
from app.services.rewarding import reward_pictures, vouchers
from tests.app.services.setup.test_logos import png
from tests.app.web.world import World
from tests.support.shop import ADDRESS, VOUCHER, Shop


def put_orders(
    session: Session, world: World, programs: dict[str, tuple[Program, str]], words: dict[str, tuple[str, int, str]]
) -> dict[str, dict[str, int | str]]:
    """Order something for everybody. Gives ids by kind and by whose they are.

    ``programs`` has each programme with a word for those who run it; ``words`` has each distributor's programme, its id
    and its word.
    """
    found: dict[str, dict[str, int | str]] = {"reward": {}, "reward_order": {}, "supplier_file": {}}
    actor, now = world.login("somebody"), world.clock()
    goods: dict[tuple[str, str], int] = {}
    for whose, (program, word) in programs.items():
        shop = Shop(session, program, 0)
        name = f"{word} gift" if whose == "b" else "Gift"
        goods["mug", whose] = shop.reward("mug", 1, name="Mug", supplier=word)
        goods["cap", whose] = shop.reward("cap", 1, name="Cap")
        found["reward"][whose] = shop.reward("gift", 1, name=name, kind=VOUCHER, category="Kitchen")
        codes = [vouchers.NewCode(f"{word}-{at}") for at in range(3)]
        vouchers.take_in(session, world.keys, shop.row("gift"), codes, actor=actor, now=now)
        reward_pictures.put(session, int(found["reward"][whose]), png(), actor=actor, now=now)
    for whose, (of, owner, word) in words.items():
        program, what = programs[of][0], "cap" if whose == "mine" else "mug"
        wanted = placing.Wanted(f"key of {whose}", {goods[what, of]: 1}, 1, ADDRESS, f"{word} note")
        found["reward_order"][whose] = placing.place(
            session, world.keys, program, owner, wanted, user_id=0, actor=actor, now=now
        )
    for whose, (program, word) in programs.items():
        found["supplier_file"][whose] = supplier_orders.write(session, program, word, actor=actor, now=now).id
    sha256 = select(RewardPicture.sha256).where(RewardPicture.reward_id == found["reward"]["a"])
    found["reward_picture"] = {"a": session.scalars(sha256).one().hex()}
    owner = session.scalars(select(UserAccount.id).where(UserAccount.login == world.login("distributor"))).one()
    for reward_id in (int(found["reward"]["a"]), goods["cap", "a"]):
        baskets.put(session, owner, words["mine"][1], reward_id, 1)
    return found
