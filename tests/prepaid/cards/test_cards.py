from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.states import CardState
from app.models.prepaid import Card
from app.models.programs import Program
from app.services.tracing.balances import NoSuchDistributor
from prepaid.cards import card_lives, cards
from prepaid.errors import CardNumberFound
from prepaid.issuers.batch_provider import BatchFileProvider
from prepaid.providers import CardRequest, IssuedCard, ProviderError
from tests.prepaid.conftest import NOW, World


def register(world: World, code: str, token: str, last4: str = "1234") -> None:
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        cards.register(session, program, code, token=token, last4=last4, actor="ann", now=NOW)


def listed(world: World, *, all_cards: bool = False) -> list[tuple[str, str | None, bool]]:
    with transaction(world.registry) as session:
        found = cards.cards_of(session, world.program_id, all_cards=all_cards)
    return [(one.distributor_code, one.last4, one.active) for one in found]


def issue(world: World, provider: Any = None) -> int:
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        cards.order_cards(session, program, cards.without_card(session, program), actor="ann", now=NOW)
    return cards.issue_ordered(world.registry, provider or world.provider, world.program_id, now=NOW)


def test_a_registered_card_takes_the_place_of_the_one_before(world: World) -> None:
    world.load().add("A").add("B")
    register(world, " a ", f"one-{world.code}", "0001")
    register(world, "A", f"two-{world.code}", "0002")
    assert listed(world) == [("A", "0002", True)]
    register(world, "A", f"one-{world.code}", "0001")
    assert listed(world, all_cards=True) == [("A", "0001", True), ("A", "0002", False)]
    with pytest.raises(cards.CardInvalid, match="for another distributor"):
        register(world, "B", f"one-{world.code}", "0001")
    with pytest.raises(NoSuchDistributor):
        register(world, "C", f"three-{world.code}")


@pytest.mark.parametrize("state", [CardState.CLOSED, CardState.BLOCKED])
def test_a_card_that_is_closed_or_blocked_is_not_registered_again(world: World, state: CardState) -> None:
    world.load().add("A")
    register(world, "A", f"one-{world.code}", "0001")
    with transaction(world.registry) as session:
        number = session.scalars(select(Card.id).where(Card.program_id == world.program_id)).one()
    card_lives.change(world.registry, BatchFileProvider(), number, state, why="lost", actor="ann", now=NOW)
    with pytest.raises(cards.CardInvalid, match=state.value):
        register(world, "A", f"one-{world.code}", "0001")
    with transaction(world.registry) as session:
        assert session.get_one(Card, number).state is state


@pytest.mark.parametrize(
    ("token", "last4", "error"),
    [
        ("4111111111111111", "1111", CardNumberFound),
        ("4111 1111 1111 1111", "1111", CardNumberFound),
        ("tok", "1111", cards.CardInvalid),
        ("-token", "1111", cards.CardInvalid),
        ("=token", "1111", cards.CardInvalid),
        ("tok-" + "x" * 61, "1111", cards.CardInvalid),
        ("token", "111", cards.CardInvalid),
        ("token", "١١١١", cards.CardInvalid),
        ("token", "4111111111111111", CardNumberFound),
    ],
)
def test_a_number_is_never_taken_for_a_card(world: World, token: str, last4: str, error: type[Exception]) -> None:
    world.load().add("A")
    with pytest.raises(error) as refused:
        register(world, "A", token, last4)
    assert "4111" not in str(refused.value)
    assert listed(world) == []


def test_a_token_of_any_letters_and_digits_is_taken(world: World) -> None:
    world.load().add("A").add("B")
    register(world, "A", "8513718213724198ba377fdcc800e0d4", "0001")
    register(world, "B", "5900000000022", "0002")
    assert listed(world) == [("A", "0001", True), ("B", "0002", True)]
    with pytest.raises(CardNumberFound):
        register(world, "A", "tok4111111111111111", "1111")


def test_cards_are_issued_for_those_who_have_none(world: World) -> None:
    world.load().add("A").add("B").add("C")
    register(world, "B", f"own-{world.code}", "0001")
    assert issue(world) == 2
    assert issue(world) == 0
    assert [code for code, _, _ in listed(world)] == ["A", "B", "C"]


def test_a_card_is_replaced_by_a_new_one(world: World) -> None:
    world.load().add("A")
    issue(world)
    with transaction(world.registry) as session:
        cards.replace(session, session.get_one(Program, world.program_id), "a", actor="ann", now=NOW)
    assert listed(world) == [("A", None, True)]
    assert cards.issue_ordered(world.registry, world.provider, world.program_id, now=NOW) == 1
    assert len(listed(world, all_cards=True)) == 2


def test_a_card_that_is_asked_for_again_before_it_was_issued_is_the_one_that_is_ordered(world: World) -> None:
    world.load().add("A")
    issue(world)
    for _once_more in range(2):  # the provider did not answer in between
        with transaction(world.registry) as session:
            cards.replace(session, session.get_one(Program, world.program_id), "A", actor="ann", now=NOW)
    with transaction(world.registry) as session:
        found = session.scalars(select(Card).where(Card.program_id == world.program_id).order_by(Card.id)).all()
        assert [(one.active, one.state) for one in found] == [(False, CardState.REPLACED), (True, CardState.ORDERED)]
        assert found[1].replaces_id == found[0].id, "what stands on the first goes over to it"


def test_what_a_provider_gives_for_a_token_is_looked_at(world: World) -> None:
    class Careless:
        name, cards_at_once = "sandbox", 10

        def issue_cards(self, requests: Sequence[CardRequest]) -> list[IssuedCard]:
            return [IssuedCard(one.reference, "4111111111111111", "1111") for one in requests]

    class Lazy(Careless):
        def issue_cards(self, requests: Sequence[CardRequest]) -> list[IssuedCard]:
            return []

    world.load().add("A")
    with pytest.raises(CardNumberFound):
        issue(world, Careless())
    with pytest.raises(ProviderError, match="0 of 1"):
        issue(world, Lazy())
    assert listed(world) == [("A", None, True)]
    assert issue(world) == 1


def test_no_card_is_ordered_for_a_name_that_is_a_card_number(world: World) -> None:
    world.load().add("A", name="Anna 4111111111111111")
    with pytest.raises(CardNumberFound):
        issue(world)


def test_drawn_letters_are_letters() -> None:
    drawn = cards.random_letters(1000, 12)
    assert len(set(drawn)) == 1000
    assert {len(one) for one in drawn} == {12}
    assert all(one.isalpha() and one.isascii() and one.isupper() for one in drawn)
