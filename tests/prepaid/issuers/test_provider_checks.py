"""What a programme's card provider needs from it, and where it is told to be missing."""

import pytest
from pydantic import SecretStr

from app.config import Settings
from app.db.transaction import transaction
from app.domain.program_file.prepaid_settings import stripe_accounts_for
from app.models.programs import Program
from prepaid.issuers import provider_checks
from tests.prepaid.conftest import World

STRIPE = (
    "{provider: stripe, stripe: {account_country: DE, billing: {line1: 'Weg 1', city: Bonn, postal_code: '53111',"
    " country: DE}}}"
)
_COLUMNS = ", ".join(f"{{title: {one}, holds: {one}}}" for one in ("reference", "token", "amount"))
FILES = f"{{provider: batch_file, cards: registered, batch_file: {{columns: [{_COLUMNS}]}}}}"


def found(world: World, settings: Settings) -> dict[str, bool | None]:
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        return {one.code: one.fine for one in provider_checks.checks(session, settings, program)}


def test_a_provider_by_interface_needs_its_key(world: World) -> None:
    world.load(prepaid=STRIPE, currency="EUR", country="DE")
    bare = Settings(home=world.settings.home)
    missing = {"account": True, "key": False, "told": None, "limits": None, "cards": True, "statements": None}
    assert found(world, bare) == {"currency": True, "country": True, **missing}
    keyed = bare.model_copy(update={"stripe_secret_key": SecretStr("sk"), "stripe_webhook_secret": SecretStr("wh")})
    assert found(world, keyed) == {"currency": True, "country": True, **missing, "key": True, "told": True}


def test_a_real_programme_is_told_that_the_sandbox_moves_no_money(world: World) -> None:
    world.load()
    assert found(world, world.settings) == {"sandbox": None, "currency": True, "country": True, "cards": True}


def test_an_operator_of_files_needs_cards_that_are_registered(world: World) -> None:
    world.load(prepaid=FILES).add("A").add("B")
    told = {"template": True, "limits": None, "cards": None, "statements": None}
    assert found(world, world.settings) == {"currency": True, "country": True, **told}


@pytest.mark.parametrize(
    ("currency", "country", "some"),
    [("EUR", "PL", ["DE", "FR"]), ("PLN", "PL", []), ("GBP", "GB", ["GB"]), ("EUR", "GB", []), ("USD", "US", ["US"])],
)
def test_which_accounts_may_issue_cards(currency: str, country: str, some: list[str]) -> None:
    accounts = stripe_accounts_for(currency, country)
    assert set(some) <= set(accounts)
    assert bool(some) == bool(accounts)
