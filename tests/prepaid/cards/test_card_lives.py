"""What happens to cards after they were issued: each move, what a provider knows by now, and how much fits on them."""

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from app.db.transaction import transaction
from app.domain.states import CardState, CardWord, Identity, RunStatus, TopUpStatus
from app.models.distributors import Distributor
from app.models.prepaid import Card, CardEvent, CardMovement, ConversionRun, ProviderEvent
from app.models.programs import Program
from prepaid.cards import card_lives, cards, healing
from prepaid.cards.card_lives import MOVES, CardMoveRefused
from prepaid.conversions import runs, sending
from prepaid.errors import CardNumberFound, CardsMissing
from prepaid.providers import ProviderError
from tests.prepaid.conftest import NOW, World
from tests.prepaid.stripe_world import in_euros, provider
from tests.support.stripe_fake import FakeStripe, Faults, serving


def loaded(world: World) -> Card:
    """Load a card of one distributor, and give it."""
    world.load().add("A", 200)
    run = world.preview()
    world.approve(run)
    sending.send(world.registry, world.settings, world.provider, run.id, actor="ben", now=NOW)
    assert world.status(run) is RunStatus.SETTLED
    return current(world)


def current(world: World) -> Card:
    with transaction(world.registry) as session:
        found = session.scalars(
            select(Card).where(Card.program_id == world.program_id).order_by(Card.id.desc())
        ).first()
        assert found is not None
        session.expunge(found)
        return found


def change(world: World, card: Card, to: CardState, why: str = "because") -> None:
    card_lives.change(world.registry, world.provider, card.id, to, why=why, actor="ann", now=NOW)


def words(world: World, card: Card) -> list[CardWord]:
    with transaction(world.registry) as session:
        return list(session.scalars(select(CardEvent.word).where(CardEvent.card_id == card.id).order_by(CardEvent.id)))


def test_a_life_is_told_from_its_order_to_its_end(world: World) -> None:
    card = loaded(world)
    change(world, card, CardState.BLOCKED, "lost")
    change(world, card, CardState.BLOCKED)
    change(world, card, CardState.ACTIVE)
    change(world, card, CardState.CLOSED)
    assert words(world, card) == [
        CardWord.ORDERED,
        CardWord.ISSUED,
        CardWord.ACTIVATED,
        CardWord.BLOCKED,
        CardWord.UNBLOCKED,
        CardWord.CLOSED,
    ]
    with pytest.raises(CardMoveRefused, match="closed cannot become active"):
        change(world, card, CardState.ACTIVE)
    with transaction(world.registry) as session:
        life = card_lives.life_of(session, card.id)
    assert life.loaded_minor == 100_00
    assert {one.kind for one in life.moments} == {"event", "top_up"}
    assert [one.at for one in life.moments] == sorted((one.at for one in life.moments), reverse=True)


def test_all_loads_are_summed_however_many_are_shown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    card = loaded(world)
    world.give("A", 100)
    world.approve(run := world.preview())
    sending.send(world.registry, world.settings, world.provider, run.id, actor="ben", now=NOW)
    monkeypatch.setattr(card_lives, "_MOST_SHOWN", 1)
    with transaction(world.registry) as session:
        life = card_lives.life_of(session, card.id)
    assert life.loaded_minor == 150_00
    assert [one.kind for one in life.moments].count("top_up") == 1
    assert life.moments.more > 0


def test_a_card_that_was_replaced_does_not_come_to_life_beside_its_successor(world: World) -> None:
    card = loaded(world)
    with transaction(world.registry) as session:
        cards.replace(session, session.get_one(Program, world.program_id), "A", actor="ann", now=NOW)
    for to in (CardState.ACTIVE, CardState.BLOCKED):
        with pytest.raises(CardMoveRefused, match="replaced cannot become"):
            change(world, card, to)
    assert words(world, card)[-1] is CardWord.REPLACED


def test_what_is_over_is_over() -> None:
    assert MOVES[CardState.CLOSED] == MOVES[CardState.REPLACED] == frozenset()
    assert set(MOVES) == set(CardState)
    for targets in MOVES.values():
        assert CardState.ORDERED not in targets


def test_a_blocked_card_is_left_out_of_a_run_and_an_order(world: World) -> None:
    card = loaded(world)
    world.give("A", 100)
    run = world.preview()
    assert in_the_way(world, run) == []
    change(world, card, CardState.BLOCKED)
    assert in_the_way(world, run) == [("A", 100, 50_00, "card_blocked")], "the preview says so before anybody approves"
    with pytest.raises(CardsMissing):
        world.approve(run)
    change(world, card, CardState.ACTIVE)
    world.approve(run)
    assert in_the_way(world, run) == []
    sending.send(world.registry, world.settings, world.provider, run.id, actor="ben", now=NOW)
    change(world, card, CardState.BLOCKED)
    world.give("A", 100)
    assert [one["code"] for one in world.preview().exceptions] == ["card_blocked"]


def test_a_preview_says_who_has_no_card_any_more_and_who_was_blocked_since(world: World) -> None:
    world.load(prepaid="{cards: registered}").add("A", 200).add("B", 200).add("C", 200)
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        for code in ("A", "B", "C"):
            cards.register(session, program, code, token=f"tok-{world.code}-{code}", last4="1234", actor="x", now=NOW)
    run = world.preview()
    assert in_the_way(world, run) == []
    of_code = [select(Distributor.id).filter_by(program_id=world.program_id, code=code) for code in ("B", "C")]
    with transaction(world.registry) as session:
        lost = {"state": CardState.CLOSED, "active": False}
        session.execute(update(Card).where(Card.distributor_id.in_(of_code[0])).values(lost))
        session.execute(update(Distributor).where(Distributor.id.in_(of_code[1])).values(blocked=True))
    assert in_the_way(world, run) == [("B", 200, 100_00, "no_card"), ("C", 200, 100_00, "blocked")]


def in_the_way(world: World, run: ConversionRun) -> list[tuple[str, int, int, str]]:
    """Give who of a run could not be loaded now: with how much, and why."""
    with transaction(world.registry) as session:
        found = runs.report(session, run.id).obstacles
        return [(one.distributor, one.points, one.amount_minor, one.why.code) for one in found]


def test_a_card_is_not_replaced_while_top_ups_are_on_their_way(world: World) -> None:
    card = loaded(world)
    world.give("A", 100)
    run = world.preview()
    world.approve(run)
    with pytest.raises(cards.CardInUse), transaction(world.registry) as session:
        cards.replace(session, session.get_one(Program, world.program_id), "A", actor="ann", now=NOW)
    with pytest.raises(cards.CardInUse):
        change(world, card, CardState.CLOSED)


def test_what_stands_on_a_card_goes_over_with_its_history(world: World) -> None:
    old = loaded(world)
    with transaction(world.registry) as session:
        cards.replace(session, session.get_one(Program, world.program_id), "A", actor="ann", now=NOW)
    cards.issue_ordered(world.registry, world.provider, world.program_id, now=NOW)
    new = current(world)
    assert new.id != old.id
    assert (world.provider.balance_minor(old.token or ""), world.provider.balance_minor(new.token or "")) == (0, 100_00)
    with transaction(world.registry) as session:
        life = card_lives.life_of(session, new.id)
    assert life.loaded_minor == 100_00
    assert {one.what for one in life.moments if one.on_earlier} >= {"replaced", TopUpStatus.LOADED.value}


def test_no_number_of_a_card_is_written_to_one(world: World) -> None:
    card = loaded(world)
    with pytest.raises(CardNumberFound):
        change(world, card, CardState.BLOCKED, "4111 1111 1111 1111")
    with pytest.raises(CardNumberFound), transaction(world.registry) as session:
        card_lives.remark(session, card.id, "it is 4111111111111111", actor="ann", now=NOW)
    assert current(world).state is CardState.ACTIVE


LIMITS = "{limits: {PL: {a_month: 150, a_month_unidentified: 120, on_card: 500}}}"


def test_limits_of_a_country_leave_out_what_does_not_fit(world: World) -> None:
    world.load(prepaid=LIMITS).add("A", 200)
    run = world.preview()
    world.approve(run)
    sending.send(world.registry, world.settings, world.provider, run.id, actor="ben", now=NOW)
    world.give("A", 60)
    (left_out,) = world.preview().exceptions
    assert (left_out["code"], left_out["message"]) == (
        "not_identified",
        "At most 120.00 PLN a month while the issuer has not verified who holds the card; 100.00 are there already.",
    )
    with transaction(world.registry) as session:
        card_lives.identify(session, current(world).id, Identity.VERIFIED, why="seen", actor="ann", now=NOW)
    assert world.preview().exceptions == []
    world.give("A", 60)
    assert [one["code"] for one in world.preview().exceptions] == ["over_card_limit"]


def test_a_card_s_month_is_the_calendar_s_and_knows_nothing_of_what_was_called_off(world: World) -> None:
    world.load(prepaid=LIMITS).add("A", 200)
    first = world.preview()
    later = {"from_on": dt.date(2026, 11, 25), "now": NOW + dt.timedelta(days=5)}
    world.give("A", 60, at=NOW + dt.timedelta(days=5))
    assert [one["code"] for one in world.preview(**later).exceptions] == ["not_identified"]
    december = world.preview(**later | {"now": dt.datetime(2026, 11, 30, 23, 0, tzinfo=dt.UTC)})  # midnight in Warsaw
    assert (december.exceptions, december.amount_minor) == ([], 30_00)
    with transaction(world.registry) as session:
        for run in (december, first):
            runs.cancel(session, run.id, actor="ann", now=NOW)
    assert world.preview(**later).exceptions == []


@pytest.fixture
def stripe(world: World) -> Callable[[FakeStripe, str], Card]:
    def make(fake: FakeStripe, address: str) -> Card:
        world.provider = provider(world.engine, address)  # type: ignore[assignment]
        in_euros(world).add("A", 200)
        run = world.preview()
        world.approve(run)
        sending.send(world.registry, world.settings, world.provider, run.id, actor="ben", now=NOW)
        return current(world)

    return make


def test_what_a_provider_tells_in_any_order_and_twice_comes_to_the_same(
    world: World, stripe: Callable[[FakeStripe, str], Card]
) -> None:
    fake = FakeStripe()
    with serving(fake) as address:
        card = stripe(fake, address)
        token = card.token or ""
        spent = [fake.spend(token, 10_00), fake.spend(token, 5_00), fake.spend(token, -5_00)]
        told = [f"evt_{one}" for one in reversed(spent)] * 2
        with transaction(world.registry) as session:
            fresh = [
                healing.receive(session, "stripe", one, "issuing_transaction.created", token, now=NOW) for one in told
            ]
        assert fresh == [True] * 3 + [False] * 3
        fake.faults = Faults()
        healing.heed(world.registry, world.provider, now=NOW)
        healing.heed(world.registry, world.provider, now=NOW)
        card = current(world)
        assert (card.balance_minor, card.identity) == (90_00, Identity.VERIFIED)
        with transaction(world.registry) as session:
            moved = session.scalars(select(CardMovement.amount_minor).where(CardMovement.card_id == card.id)).all()
            open_ = session.scalars(select(ProviderEvent).where(ProviderEvent.about == token)).all()
            assert all(one.done_at is not None for one in open_)
        assert sorted(moved) == [-10_00, -5_00, 5_00]


def test_the_daily_round_heals_what_nobody_told_of(world: World, stripe: Callable[[FakeStripe, str], Card]) -> None:
    fake = FakeStripe()
    with serving(fake) as address:
        card = stripe(fake, address)
        token = card.token or ""
        fake.spend(token, 10_00)
        fake.cards[token]["status"] = "inactive"
        healing.look(world.registry, world.provider, card.id, now=NOW)
        assert (current(world).state, current(world).balance_minor) == (CardState.BLOCKED, 90_00)
        fake.cards[token]["status"] = "active"
        healing.look(world.registry, world.provider, card.id, now=NOW)
        assert fake.cards[token]["status"] == "inactive", "what is blocked here is not open there"
        fake.cards[token]["status"] = "canceled"
        healing.look(world.registry, world.provider, card.id, now=NOW)
        assert (current(world).state, current(world).active) == (CardState.CLOSED, False)


def test_a_card_is_blocked_here_though_its_provider_does_not_answer(
    world: World, stripe: Callable[[FakeStripe, str], Card]
) -> None:
    fake = FakeStripe()
    with serving(fake) as address:
        card = stripe(fake, address)
        fake.faults = Faults(busy=1.0)
        with pytest.raises(ProviderError):
            change(world, card, CardState.BLOCKED)
        assert current(world).state is CardState.BLOCKED
        fake.faults = Faults()
        change(world, card, CardState.BLOCKED)
        assert fake.cards[card.token or ""]["status"] == "inactive"
        fake.faults = Faults(busy=1.0)
        with pytest.raises(ProviderError):
            change(world, card, CardState.ACTIVE)
        assert current(world).state is CardState.BLOCKED, "what makes it usable again waits for the provider"
