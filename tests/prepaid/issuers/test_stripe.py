"""Stripe Issuing, played by a fake that keeps its books and loses answers."""

import datetime as dt
import os
import random
from collections import Counter
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from app.config import Settings
from app.db.transaction import transaction
from app.domain.states import AskedState, CardState, Identity, RunStatus, TaxStatus, TopUpStatus
from app.local.servers import Addresses
from app.models.distributors import Distributor
from app.models.prepaid import Card, CardLoad
from app.models.programs import Program
from prepaid.cards import cards
from prepaid.conversions import ordering, sending
from prepaid.errors import NotFunded
from prepaid.issuers.stripe_provider import StripeProvider
from prepaid.issuers.stripe_questions import holder_name
from prepaid.providers import ProviderError
from tests.prepaid.conftest import NOW, World
from tests.prepaid.storms import until_done
from tests.prepaid.stripe_world import Found, Keyless, carry_out, in_euros, provider, wrong
from tests.support.stripe_fake import FakeStripe, Faults, serving

MANY = 1_000 if os.environ.get("KONTOR_FAULTS") == "long" else 60


@pytest.fixture
def fake() -> FakeStripe:
    return FakeStripe()


@pytest.fixture
def address(fake: FakeStripe) -> Iterator[str]:
    with serving(fake) as at:
        yield at


@pytest.fixture
def asked(world: World, address: str) -> StripeProvider:
    made = provider(world.engine, address)
    world.provider = made  # type: ignore[assignment]
    return made


def one_loaded(world: World, points: int = 200) -> None:
    in_euros(world).add("A", points)
    run = world.preview()
    world.approve(run)
    sending.send(world.registry, world.settings, world.provider, run.id, actor="ben", now=NOW)
    assert world.status(run) is RunStatus.SETTLED


def card_of(world: World) -> Card:
    with transaction(world.registry) as session:
        found = session.scalars(select(Card).where(Card.program_id == world.program_id, Card.active)).one()
        session.expunge(found)
        return found


def test_a_load_is_the_limit_of_a_card_and_the_next_one_raises_it(
    world: World, asked: StripeProvider, fake: FakeStripe
) -> None:
    one_loaded(world)
    card = card_of(world)
    assert card.token is not None
    assert (card.state, fake.cards[card.token]["status"]) == (CardState.ACTIVE, "active")
    assert fake.limit_of(card.token) == 100_00
    world.give("A", 50)
    run = world.preview()
    world.approve(run)
    sending.send(world.registry, world.settings, asked, run.id, actor="ben", now=NOW)
    assert fake.limit_of(card.token) == 125_00
    assert len(fake.cards) == len(fake.holders) == 1
    fake.spend(card.token, 30_00)
    fake.spend(card.token, -5_00)
    assert asked.balance_minor(card.token) == 100_00
    moved = asked.history(card.token, dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    assert [one.amount_minor for one in moved] == [5_00, -30_00]
    fake.spend(card.token, 130_00)
    assert asked.balance_minor(card.token) == -30_00, "a capture always succeeds"


def test_a_run_is_not_sent_that_the_account_cannot_pay_for(
    world: World, asked: StripeProvider, fake: FakeStripe
) -> None:
    in_euros(world).add("A", 200)
    fake.funds["eur"] = 99_99
    run = world.preview()
    world.approve(run)
    with pytest.raises(NotFunded, match=r"99\.99 EUR"):
        sending.send(world.registry, world.settings, asked, run.id, actor="ben", now=NOW)
    assert world.status(run) is RunStatus.ORDERED


def test_a_blocked_card_is_blocked_at_stripe_and_a_closed_one_for_good(
    world: World, asked: StripeProvider, fake: FakeStripe
) -> None:
    one_loaded(world)
    token = card_of(world).token or ""
    for state, status in (("blocked", "inactive"), ("active", "active"), ("blocked", "inactive")):
        asked.set_state(token, CardState(state))
        assert fake.cards[token]["status"] == status
    assert asked.facts(token).identity is Identity.VERIFIED
    asked.set_state(token, CardState.CLOSED)
    assert fake.cards[token]["status"] == "canceled"
    with pytest.raises(ProviderError, match="cannot be changed"):
        asked.set_state(token, CardState.ACTIVE)


def test_what_stands_on_a_card_goes_over_to_the_one_that_replaces_it(
    world: World, asked: StripeProvider, fake: FakeStripe
) -> None:
    one_loaded(world)
    old = card_of(world)
    fake.spend(old.token or "", 30_00)
    with transaction(world.registry) as session:
        cards.replace(session, session.get_one(Program, world.program_id), "A", actor="ann", now=NOW)
    cards.issue_ordered(world.registry, asked, world.program_id, now=NOW)
    new = card_of(world)
    assert (new.replaces_id, new.carried_minor, new.state) == (old.id, 70_00, CardState.ISSUED)
    assert fake.limit_of(new.token or "") == 70_00
    assert fake.cards[old.token or ""]["status"] == "canceled"
    assert asked.balance_minor(new.token or "") == 70_00
    assert len(fake.holders) == 1


def test_a_load_that_stripe_refuses_gives_its_points_back(
    world: World, asked: StripeProvider, fake: FakeStripe
) -> None:
    in_euros(world).add("A", 200)
    run = world.preview()
    world.approve(run)
    fake.refuse.add(card_of(world).token or "")
    sending.send(world.registry, world.settings, asked, run.id, actor="ben", now=NOW)
    assert world.top_ups(run) == {("A", "reward"): TopUpStatus.FAILED}
    assert world.wallet("A") == (200, 0, 0)


def test_a_lost_answer_is_unknown_and_then_read_from_the_card(
    world: World, asked: StripeProvider, fake: FakeStripe
) -> None:
    in_euros(world).add("A", 200)
    run = world.preview()
    world.approve(run)
    fake.faults = Faults(lost=1.0)
    keys, fake.keys = fake.keys, _Forgetful()  # it has forgotten our keys: only the card itself can tell
    sending.send(world.registry, world.settings, asked, run.id, actor="ben", now=NOW)
    assert world.top_ups(run) == {("A", "reward"): TopUpStatus.UNKNOWN}
    assert world.wallet("A") == (0, 200, 0)
    fake.faults, fake.keys = Faults(), keys
    changes = [one for one in fake.asked if one[0] == "POST"]
    sending.send(world.registry, world.settings, asked, run.id, actor="ben", now=NOW)
    assert world.top_ups(run) == {("A", "reward"): TopUpStatus.LOADED}
    assert [one for one in fake.asked if one[0] == "POST"] == changes, "nothing was asked for again"
    assert fake.limit_of(card_of(world).token or "") == 100_00


class _Forgetful(dict):  # type: ignore[type-arg]
    def __contains__(self, key: object) -> bool:
        return False


def test_loads_of_one_card_follow_one_another(world: World, asked: StripeProvider, fake: FakeStripe) -> None:
    one_loaded(world)
    world.give("A", 50)
    run = world.preview()
    world.approve(run)
    fake.faults = Faults(late=1.0)
    sending.send(world.registry, world.settings, asked, run.id, actor="ben", now=NOW)
    with transaction(world.registry) as session:
        waiting = session.scalars(
            select(CardLoad.limit_minor)
            .join(Card)
            .where(Card.program_id == world.program_id, CardLoad.state == "asked")
        ).all()
    assert waiting == [125_00]
    fake.faults = Faults()
    world.give("A", 20)
    second = world.preview()
    world.approve(second)
    sending.send(world.registry, world.settings, asked, second.id, actor="ben", now=NOW)
    assert fake.limit_of(card_of(world).token or "") == 135_00, "the one before came first"
    sending.send(world.registry, world.settings, asked, run.id, actor="ben", now=NOW)
    assert [one.said for one in wrong(world, run, fake)] == [f"{card_of(world).token} has 13500, ours are 2500"]
    assert {*world.top_ups(run).values(), *world.top_ups(second).values()} == {TopUpStatus.LOADED}


STORM = Faults(lost=0.12, late=0.08, broken=0.08, busy=0.1, lag=0.05)
LONGEST = 240.0 + 2.0 * MANY
long = pytest.mark.timeout(LONGEST + 240)


def _storm(world: World, house: tuple[Settings, Addresses], kind: type[StripeProvider], *, kills: bool) -> list[Found]:
    """Carry a run out while answers are lost and the worker is killed; name what is wrong in the end."""
    seed = int(os.environ.get("KONTOR_SEED") or random.randrange(10**6))
    print(f"seed {seed}")
    drawn, fake = random.Random(seed), FakeStripe(STORM, seed)
    in_euros(world)
    for number in range(MANY):
        world.add(f"D{number}", drawn.randrange(10, 20_000), TaxStatus.COMPANY)
    run = world.preview()
    assert run.accounts == MANY
    with serving(fake) as address:
        arguments = (house[1].database_url, house[0].home, run.id, address, kind)
        killed = until_done(
            carry_out,
            arguments,
            lambda kills_so_far: drawn.uniform(0.2, 1.0 + 0.5 * kills_so_far) if kills else LONGEST,
            longest=LONGEST,
        )
        for card in list(fake.cards):  # what is late comes in the end
            fake.answer("GET", f"/v1/issuing/cards/{card}", {}, None)
    found = wrong(world, run, fake)
    told = Counter(one.harm.value for one in found)
    print(f"{MANY} redemptions, {killed} kills, {fake.spoilt}, {len(fake.asked)} questions: {dict(told)}")
    return found


@pytest.mark.slow
@long
def test_each_card_is_loaded_once_whatever_is_lost_or_killed(world: World, house: tuple[Settings, Addresses]) -> None:
    assert _storm(world, house, StripeProvider, kills=True) == []


@pytest.mark.slow
@long
def test_without_keys_the_same_storm_does_harm(world: World, house: tuple[Settings, Addresses]) -> None:
    """The control: were it not for the keys, this is what would be found."""
    assert _storm(world, house, Keyless, kills=False) != []


def test_a_storm_ends_where_the_provider_never_answers(
    world: World, house: tuple[Settings, Addresses], address: str, fake: FakeStripe
) -> None:
    in_euros(world).add("A", 200)
    run = world.preview()
    fake.faults = Faults(busy=1.0)
    with pytest.raises(AssertionError, match="nothing further"):
        carry_out(house[1].database_url, house[0].home, run.id, address)
    assert world.wallet("A") == (0, 200, 0)


@pytest.mark.parametrize(
    ("name", "fitted"),
    [
        ("Anna Żak", "Anna Żak"),
        ("Sklep 24 h / Kowalski i Wspólnicy sp. z o.o.", "Sklep h Kowalski i Wspól"),
        ("4711", "Cardholder"),
    ],
)
def test_a_name_is_fitted_to_a_card(name: str, fitted: str) -> None:
    assert holder_name(name) == fitted


def test_what_was_refused_and_what_was_loaded_is_answered_the_same_again(
    world: World, asked: StripeProvider, fake: FakeStripe
) -> None:
    one_loaded(world)
    with transaction(world.registry) as session:
        done = session.scalars(select(CardLoad.reference).join(Card).where(Card.program_id == world.program_id)).one()
    fake.faults = Faults(lost=1.0)
    assert asked.look_up([done, "never"])[done].amount_minor == 100_00
    assert len(asked.look_up([done, "never"])) == 1
    with transaction(world.registry) as session:
        assert session.scalars(select(CardLoad.state).where(CardLoad.reference == done)).one() is AskedState.LOADED


def test_a_run_goes_on_where_cards_could_not_be_issued(world: World, asked: StripeProvider, fake: FakeStripe) -> None:
    in_euros(world).add("A", 200).add("B", 100)
    run = world.preview()
    fake.faults = Faults(busy=1.0)
    with pytest.raises(ProviderError):
        world.approve(run)
    fake.faults = Faults()
    ordering.order(world.registry, world.settings, asked, run.id, actor="ben", now=NOW)
    sending.send(world.registry, world.settings, asked, run.id, actor="ben", now=NOW)
    assert wrong(world, run, fake) == []
    assert len(fake.cards) == 2


def test_a_provider_that_does_not_answer_is_not_asked_for_every_load(
    world: World, asked: StripeProvider, fake: FakeStripe
) -> None:
    in_euros(world)
    for number in range(12):
        world.add(f"D{number}", 200)
    run = world.preview()
    world.approve(run)
    before, fake.faults = len(fake.asked), Faults(busy=1.0)
    sending.send(world.registry, world.settings, asked, run.id, actor="ben", now=NOW)
    assert set(world.top_ups(run).values()) == {TopUpStatus.UNKNOWN}
    assert len({path for _, path in fake.asked[before:] if path.startswith("/v1/issuing/cards/")}) == 5
    fake.faults = Faults()
    for _ in range(2):
        if world.status(run) is not RunStatus.SETTLED:
            sending.send(world.registry, world.settings, asked, run.id, actor="ben", now=NOW)
    assert wrong(world, run, fake) == []
    assert set(world.top_ups(run).values()) == {TopUpStatus.LOADED}


@pytest.mark.parametrize("asked_for", ["_new_holder", "_new_card"])
def test_what_stripe_refused_is_asked_for_anew_once_its_reason_is_gone(
    world: World, asked: StripeProvider, fake: FakeStripe, monkeypatch: pytest.MonkeyPatch, asked_for: str
) -> None:
    in_euros(world).add("A", 200)
    run = world.preview()
    with monkeypatch.context() as refusing:
        refused = 400, {"error": {"type": "invalid_request_error", "message": "There are requirements."}}
        refusing.setattr(fake, asked_for, lambda _: refused)
        with pytest.raises(ProviderError, match="There are requirements"):
            world.approve(run)
    with transaction(world.registry) as session:
        session.scalars(select(Distributor).where(Distributor.program_id == world.program_id)).one().name = "Another"
    ordering.order(world.registry, world.settings, asked, run.id, actor="ben", now=NOW)
    assert (len(fake.holders), len(fake.cards)) == (1, 1)


def test_another_question_waits_until_it_is_seen_what_became_of_the_one_before(
    world: World, asked: StripeProvider, fake: FakeStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_euros(world).add("A", 200)
    run = world.preview()
    fake.faults = Faults(lost=1.0)
    monkeypatch.setattr(asked, "_waits", ())
    with pytest.raises(ProviderError, match="nobody knows"):
        world.approve(run)
    made, fake.faults = dict(fake.holders), Faults()
    fake.holders.clear()  # it lags behind
    with transaction(world.registry) as session:
        session.scalars(select(Distributor).where(Distributor.program_id == world.program_id)).one().name = "Another"
    with pytest.raises(ProviderError, match="same parameters"):
        ordering.order(world.registry, world.settings, asked, run.id, actor="ben", now=NOW)
    fake.holders |= made
    ordering.order(world.registry, world.settings, asked, run.id, actor="ben", now=NOW)
    assert (len(fake.holders), len(fake.cards)) == (1, 1)
