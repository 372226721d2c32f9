"""Orders on pages: placed once, moved on, called off in part, paid in points and money; vouchers and discounts."""

import datetime as dt
import io
import re
from collections.abc import Callable, Iterator

import openpyxl
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.states import OrderState
from app.extensions import db
from app.models.orders import OrderLine, RewardOrder, VoucherCode
from app.models.rewards import Reward
from app.services.rewarding import vouchers
from tests.app.web.admin.rewarding.shopping import (
    at,
    checkout,
    enrich,
    into_basket,
    mine,
    told,
    write,
)
from tests.app.web.conftest import token_of
from tests.app.web.world import World

As = Callable[[str], FlaskClient]


@pytest.fixture(autouse=True)
def _session_gone(world: World) -> Iterator[None]:
    yield
    with world.app.app_context():
        db.session.remove()


def test_an_order_is_placed_once_moved_on_and_a_part_is_called_off(world: World, as_: As) -> None:
    boss, owner, finance = as_("administrator"), as_("distributor"), as_("finance")
    mug = write(boss, world, "tea", points="20", stock="5", supplier="Ace")
    enrich(world)
    into_basket(owner, world, mug, 3)
    basket = owner.get(mine(world, "/basket")).text
    assert "Left afterwards" in basket
    assert "Further to the address" in basket
    sent = checkout(owner, world)
    assert owner.post(mine(world, "/basket/confirm"), data={**sent, "street": ""}).status_code == 400
    stale = owner.post(mine(world, "/basket/confirm"), data={**sent, "points": "1"})
    assert (stale.status_code, "A price has changed" in stale.text) == (409, True)
    first = owner.post(mine(world, "/basket/confirm"), data=sent)
    second = owner.post(mine(world, "/basket/confirm"), data=sent)
    assert (first.status_code, second.location) == (303, first.location), "who presses twice orders once"
    number = int(first.location.rpartition("/")[2])
    assert "Thank you." in owner.get(first.location).text
    assert as_("other").get(first.location).status_code == 404
    page = f"/programs/{world.a}/orders/{number}"
    assert "Ann Lee" in as_("viewer").get(page).text
    suppliers = f"/programs/{world.a}/suppliers"
    written = {"csrf_token": token_of(finance, suppliers), "supplier": "Ace"}
    assert "The file is written" in finance.post(f"{suppliers}/write", data=written, follow_redirects=True).text
    again = finance.post(f"{suppliers}/write", data=written, follow_redirects=True)
    assert "Somebody was quicker" in again.text
    address = re.search(rf"{suppliers}/\d+/file", again.text)
    assert address
    with finance.get(address[0]) as file:
        rows = list(openpyxl.load_workbook(io.BytesIO(file.data)).worksheets[0].iter_rows(values_only=True))
    assert rows[1][:4] == (str(number), "tea", "Reward tea", 3)
    gone = finance.post(address[0].replace("file", "sent"), data=written, follow_redirects=True)
    assert "it went to the supplier" in gone.text
    (line,) = told(world, select(OrderLine).where(OrderLine.order_id == number))
    part = {"csrf_token": token_of(finance, page), f"pieces-{line.id}": "1", "reason": "one broke"}
    assert finance.post(f"{page}/cancel", data={**part, "reason": ""}).status_code == 400
    for typed, said in (
        ("4", "between 0 and 3"),
        ("-1", "between 0 and 3"),
        ("one", "Not a valid integer"),
        ("", "how many"),
    ):
        refused = finance.post(f"{page}/cancel", data={**part, f"pieces-{line.id}": typed})
        assert (refused.status_code, said in refused.text, "one broke" in refused.text) == (400, True, True), typed
    none = {name: what for name, what in part.items() if not name.startswith("pieces")}
    assert finance.post(f"{page}/cancel", data=none).status_code == 400, "what was not sent cancels nothing"
    assert "20 points are back" in finance.post(f"{page}/cancel", data=part, follow_redirects=True).text
    token = {"csrf_token": token_of(finance, page)}
    sent_off = {**token, "becomes": "shipped", "line": "", "carrier": "Post", "tracking": "RR1"}
    offered = finance.get(page).text
    assert '<option value="ordered">' not in offered, "it was: what cannot follow is not offered"
    assert 'aria-current="step"><span>3 · Ordered at the supplier' in offered
    moved = finance.post(f"{page}/move", data=sent_off, follow_redirects=True).text
    assert "It is written down what happened." in moved
    assert 'aria-current="step"><span>4 · On its way' in moved, "the step that it has come to, not the next"
    assert "parcel RR1" in owner.get(first.location).text
    assert "is on its way" in owner.get(mine(world, "/notices")).text
    done = finance.post(f"{page}/move", data={**token, "becomes": "delivered", "line": ""}, follow_redirects=True)
    assert "It is written down what happened." in done.text
    late = finance.post(f"{page}/move", data={**token, "becomes": "delivered", "line": ""}, follow_redirects=True)
    assert "That cannot follow now" in late.text
    late = finance.post(f"{page}/cancel", data=part, follow_redirects=True)
    assert "So much of it cannot be cancelled any more" in late.text, (
        "of what came by then nothing is left out silently"
    )
    (order,) = told(world, select(RewardOrder).where(RewardOrder.id == number))
    assert order.state is OrderState.DELIVERED
    back = {**token, f"pieces-{line.id}": "1", "why": "too small", "into_stock": "y"}
    for change, said in (({f"pieces-{line.id}": ""}, "how many"), ({f"pieces-{line.id}": "3"}, "between 0 and 2")):
        refused = finance.post(f"{page}/came-back", data=back | change)
        assert (refused.status_code, said in refused.text, "too small" in refused.text) == (400, True, True), change
    assert finance.post(f"{page}/came-back", data={**back, "why": ""}).status_code == 400
    stock = told(world, select(Reward).where(Reward.id == line.reward_id))[0].stock
    assert "Noted: 20 points are back." in finance.post(f"{page}/came-back", data=back, follow_redirects=True).text
    assert told(world, select(Reward).where(Reward.id == line.reward_id))[0].stock == (stock or 0) + 1
    shown = finance.get(page).text
    assert "1 was cancelled" in shown
    assert "1 came back" in shown
    assert "20 points came back: too small" in owner.get(mine(world, "/notices")).text
    rest = {**back, "into_stock": ""}
    assert "20 points are back" in finance.post(f"{page}/came-back", data=rest, follow_redirects=True).text
    shown = owner.get(first.location).text
    assert "2 came back" in shown
    late = finance.post(f"{page}/came-back", data=back, follow_redirects=True)
    assert "So much of it cannot come back any more" in late.text
    (order,) = told(world, select(RewardOrder).where(RewardOrder.id == number))
    assert order.state is OrderState.CANCELLED
    for reader, list_, own_page in (
        (finance, page.rpartition("/")[0], page),
        (owner, mine(world, "/orders"), first.location),
    ):
        word = re.search(r'<span class="state [^>]*>([^<]*)', reader.get(own_page).text)
        assert word is not None
        assert word[1] == "Came back", "it was delivered: nobody called it off"
        found = reader.get(f"{list_}?state=returned").text.partition("<tbody")[2]
        assert (f'/{number}"' in found, "Came\xa0back" in found) == (True, True)
        assert f'/{number}"' not in reader.get(f"{list_}?state=cancelled").text


def test_codes_are_pasted_and_seen_by_whoever_ordered_alone(world: World, as_: As) -> None:
    boss, owner = as_("administrator"), as_("distributor")
    gift = write(boss, world, "gift", kind="voucher", points="10")
    enrich(world)
    page = at(world, f"/{gift}")
    pasted = {"csrf_token": token_of(boss, page), "codes": "GIFT-ONE\nGIFT-ONE\n\nGIFT-TWO"}
    assert "2 new codes are kept." in boss.post(f"{page}/codes", data=pasted, follow_redirects=True).text
    into_basket(owner, world, gift)
    for way in ("/basket", "/basket/confirm"):
        shown = owner.get(mine(world, way)).text
        assert ("Address and confirmation" in shown, "Further to the address" in shown) == (False, False), way
    placed = owner.post(mine(world, "/basket/confirm"), data=checkout(owner, world))
    assert "GIFT-ONE" in owner.get(placed.location).text
    number = placed.location.rpartition("/")[2]
    for client, address in (
        (boss, f"/programs/{world.a}/orders/{number}"),
        (boss, page),
        (boss, f"/programs/{world.a}/audit"),
        (owner, mine(world, "/orders?form=csv")),
    ):
        with client.get(address) as answer:
            assert "GIFT-ONE" not in answer.text
    assert not any("GIFT" in one.sealed for one in told(world, select(VoucherCode)))


def test_the_last_day_of_a_code_is_written_as_the_page_writes_days(world: World, as_: As) -> None:
    boss, owner = as_("administrator"), as_("distributor")
    card = write(boss, world, "card", kind="voucher", points="10")
    enrich(world)
    with world.app.app_context(), transaction(db.session) as session:
        new = [vouchers.NewCode("CARD-ONE", dt.date(2027, 12, 31))]
        vouchers.take_in(session, world.keys, session.get_one(Reward, card), new, actor="x", now=world.clock())
    into_basket(owner, world, card)
    placed = owner.post(mine(world, "/basket/confirm"), data=checkout(owner, world))
    assert re.findall("Usable until [^<]*", owner.get(placed.location).text) == ["Usable until 31 Dec 2027"]


def test_a_file_of_what_the_sponsor_sends_itself_is_listed_as_its_own(world: World, as_: As) -> None:
    boss, owner, finance = as_("administrator"), as_("distributor"), as_("finance")
    enrich(world)
    into_basket(owner, world, write(boss, world, "our-own"))
    assert owner.post(mine(world, "/basket/confirm"), data=checkout(owner, world)).status_code == 303
    suppliers = f"/programs/{world.a}/suppliers"
    finance.post(f"{suppliers}/write", data={"csrf_token": token_of(finance, suppliers), "supplier": ""})
    assert re.search(r'data-title="Supplier">The sponsor itself</td>', finance.get(suppliers).text)


def test_an_owner_cancels_their_order_until_it_is_ordered(world: World, as_: As) -> None:
    boss, owner, finance = as_("administrator"), as_("distributor"), as_("finance")
    cap = write(boss, world, "cap")
    enrich(world)
    into_basket(owner, world, cap)
    first = owner.post(mine(world, "/basket/confirm"), data=checkout(owner, world)).location
    token = {"csrf_token": token_of(owner, first)}
    assert "Its points are back" in owner.post(f"{first}/cancel", data=token, follow_redirects=True).text
    into_basket(owner, world, cap)
    into_basket(owner, world, write(boss, world, "scarf"))
    second = owner.post(mine(world, "/basket/confirm"), data=checkout(owner, world)).location
    page = f"/programs/{world.a}/orders/{second.rpartition('/')[2]}"
    assert "Cancel this order" in owner.get(second).text
    number = int(second.rpartition("/")[2])
    line, _other = told(world, select(OrderLine.id).where(OrderLine.order_id == number).order_by(OrderLine.id))
    sent = {"csrf_token": token_of(finance, page), "becomes": "ordered", "line": str(line)}
    offered = f'<option value="{line}">'
    assert offered in finance.get(page).text
    assert finance.post(f"{page}/move", data=sent).status_code == 303
    assert "Cancel this order" not in owner.get(second).text, "a part of it was ordered for them"
    assert "ask the programme" in owner.post(f"{second}/cancel", data=token, follow_redirects=True).text
    assert finance.post(f"{page}/move", data={**sent, "becomes": "delivered"}).status_code == 303
    assert offered not in finance.get(page).text, "nothing follows what was delivered"


def test_a_discount_is_looked_up_by_its_code(world: World, as_: As) -> None:
    boss, owner, finance = as_("administrator"), as_("distributor"), as_("finance")
    ten = write(boss, world, "ten", kind="discount", discount="10")
    enrich(world)
    into_basket(owner, world, ten)
    placed = owner.post(mine(world, "/basket/confirm"), data=checkout(owner, world)).location
    code = re.search(r'class="voucher">([A-Z0-9]+)<', owner.get(placed).text)
    assert code
    index = f"/programs/{world.a}/orders"
    token = {"csrf_token": token_of(finance, index)}
    found = finance.post(f"{index}/code", data={**token, "code": code[1].lower()}, follow_redirects=True)
    assert "10%" in found.text
    counter, take = as_("assistant"), f"/programs/{world.a}/purchases/take"
    taking = {"csrf_token": token_of(counter, take), "code": code[1]}
    assert "10%" in counter.post(take, data=taking).text
    assert counter.post(take, data={**taking, "document": ""}).status_code == 400
    assert counter.post(take, data={**taking, "document": "FV/77"}).status_code == 303
    assert counter.post(take, data={**taking, "document": "FV/78"}).status_code == 400
    assert "Used for purchase" in counter.post(take, data=taking).text
    found = finance.post(f"{index}/code", data={**token, "code": code[1]}, follow_redirects=True)
    assert "used for purchase FV/77" in found.text
    none = finance.post(f"{index}/code", data={**token, "code": "NOTHING"}, follow_redirects=True)
    assert "No discount of this programme has this code." in none.text


def test_a_reward_is_paid_in_points_and_money(world: World, as_: As) -> None:
    boss, owner = as_("administrator"), as_("distributor")
    half = {"csrf_token": token_of(boss, at(world, "/new")), "code": "half", "name": "Half", "kind": "goods"}
    half |= {"priced": "hand", "points": "10", "cash_points": "5"}
    assert "has both" in boss.post(at(world, "/new"), data=half).text
    tent = write(boss, world, "tent", name="Tent", points="500", cash_points="200", cash="49.90")
    enrich(world, 1_000)
    page = mine(world, f"/rewards/{tent}")
    assert "or 200 points and" in owner.get(page).text
    sent = {"csrf_token": token_of(owner, page), "quantity": "2", "more": "yes", "cash": "yes"}
    assert owner.post(mine(world, f"/basket/{tent}"), data=sent).status_code == 303
    basket = mine(world, "/basket")
    assert "99.80" in owner.get(basket).text
    alone = {"csrf_token": token_of(owner, basket), "quantity": "2"}
    owner.post(mine(world, f"/basket/{tent}"), data=alone)
    assert "99.80" not in owner.get(basket).text
    owner.post(mine(world, f"/basket/{tent}"), data={**alone, "cash": "yes"})
    stale = owner.post(mine(world, "/basket/confirm"), data=checkout(owner, world, cash="1"))
    assert (stale.status_code, "A price has changed" in stale.text) == (409, True)
    placed = owner.post(mine(world, "/basket/confirm"), data=checkout(owner, world)).location
    assert "To pay: " in owner.get(placed).text
    order = int(placed.rpartition("/")[2])
    admin = f"/programs/{world.a}/orders/{order}"
    token = {"csrf_token": token_of(boss, admin)}
    approve = boss.post(f"{admin}/approve", data=token, follow_redirects=True).text
    assert "Its money has not come in yet." in approve
    card = boss.post(f"{admin}/paid", data={**token, "note": "4111111111111111"}, follow_redirects=True).text
    assert "payment card" in card
    assert "Noted: " in boss.post(f"{admin}/paid", data={**token, "note": "transfer"}, follow_redirects=True).text
    assert "nothing to note" in boss.post(f"{admin}/paid", data=token, follow_redirects=True).text
    assert "Your money came in" in owner.get(placed).text
    (line,) = told(world, select(OrderLine.id).where(OrderLine.order_id == order))
    gone = {**token, f"pieces-{line}": "1", "reason": "sold out"}
    boss.post(f"{admin}/cancel", data=gone)
    assert "To give back in money" in boss.get(admin).text
    assert "Noted: " in boss.post(f"{admin}/repaid", data=token, follow_redirects=True).text
    assert "nothing to note" in boss.post(f"{admin}/repaid", data=token, follow_redirects=True).text
