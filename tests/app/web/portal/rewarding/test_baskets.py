"""Baskets on pages: what is put aside, what of it cannot be had, and what was withdrawn meanwhile."""

import html
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.app.web.admin.rewarding.shopping import at, checkout, enrich, into_basket, mine, write
from tests.app.web.conftest import token_of
from tests.app.web.lists.test_together import send
from tests.app.web.world import World

As = Callable[[str], FlaskClient]


@pytest.mark.parametrize("typed", ["0", "-1", "", "two", "1000000000000000000000"])
def test_what_is_no_number_of_pieces_goes_into_no_basket(world: World, as_: As, typed: str) -> None:
    mug, owner = write(as_("administrator"), world, f"none-{len(typed)}{typed[:3]}"), as_("distributor")
    page = mine(world, f"/rewards/{mug}")
    sent = {"csrf_token": token_of(owner, page), "quantity": typed, "more": "yes"}
    answer = owner.post(mine(world, f"/basket/{mug}"), data=sent)
    assert (answer.status_code, answer.location) == (303, page)
    assert "Write how many, as a whole number." in owner.get(page).text
    assert f"/basket/{mug}" not in owner.get(mine(world, "/basket")).text


def test_a_basket_that_is_changed_says_so(world: World, as_: As) -> None:
    mug = write(as_("administrator"), world, "TOLD-1")
    owner = as_("distributor")
    into_basket(owner, world, mug)
    for quantity, words in (
        ("3", "Reward TOLD-1 in your basket: 3."),
        ("0", "Reward TOLD-1 is no longer in your basket."),
    ):
        sent = {"csrf_token": token_of(owner, mine(world, "/basket")), "quantity": quantity}
        answer = owner.post(mine(world, f"/basket/{mug}"), data=sent, follow_redirects=True)
        assert words in answer.text


def test_what_cannot_be_had_is_told_in_the_basket_and_leads_to_no_order(world: World, as_: As) -> None:
    admin, owner, basket = as_("administrator"), as_("distributor"), mine(world, "/basket")
    enrich(world)
    mug = write(admin, world, "SHORT", points="5", stock="3", per_person="9")
    into_basket(owner, world, mug, 2)
    confirmed = f'href="{basket}/confirm"'
    assert confirmed in owner.get(basket).text
    sent = checkout(owner, world)
    for left, words in (
        ("1", "Reward SHORT: only 1 are left."),
        ("0", "Reward SHORT is not to be had now. Take it out of the basket."),
    ):
        page = at(world, f"/{mug}")
        changed = {"code": "SHORT", "name": "Reward SHORT", "kind": "goods", "priced": "hand", "points": "5"}
        changed |= {"offered": "y", "stock": left, "stock_seen": {"1": "3", "0": "1"}[left], "per_person": "9"}
        assert admin.post(page, data={"csrf_token": token_of(admin, page), **changed}).status_code == 303
        shown = html.unescape(owner.get(basket).text)
        assert words in shown
        assert "Take out what is missing, or change how many." in shown
        assert confirmed not in shown
        assert owner.get(f"{basket}/confirm").location == basket
    answer = owner.post(f"{basket}/confirm", data=sent)
    assert answer.status_code == 409
    assert "Reward SHORT is not to be had now." in html.unescape(answer.text)
    owner.post(f"{basket}/{mug}", data={"csrf_token": token_of(owner, basket), "quantity": "0"})


def test_what_is_withdrawn_is_told_in_the_basket_until_it_is_taken_out(world: World, as_: As) -> None:
    admin, owner, basket = as_("administrator"), as_("distributor"), mine(world, "/basket")
    mug = write(admin, world, "WITHDRAWN")
    into_basket(owner, world, mug, 2)
    send(admin, at(world), "withdraw", [mug], sure="yes")
    shown = html.unescape(owner.get(basket).text)
    assert "Reward WITHDRAWN cannot be had any more. Take it out of the basket." in shown
    assert "Your basket is empty" not in shown
    assert f"{basket}/confirm" not in shown
    sent = {"csrf_token": token_of(owner, basket), "quantity": "0"}
    answer = owner.post(f"{basket}/{mug}", data=sent, follow_redirects=True)
    assert "Reward WITHDRAWN is no longer in your basket." in html.unescape(answer.text)
    assert "Your basket is empty" in answer.text
