"""A new programme: what is usual in its country is chosen with the country, and stays to be chosen otherwise."""

from collections.abc import Callable
from typing import Any

from tests.app.web.world import World


def test_currency_time_zone_and_language_follow_the_country(world: World, visit: Callable[..., Any]) -> None:
    with visit("desktop") as here:
        here.sign_in(world.login("owner"), world.password)
        here.go("/platform/programs/new")
        chosen = here.page.evaluate

        def told() -> list[str]:
            return list(
                chosen("['country', 'currency', 'time_zone', 'locale'].map((id) => document.getElementById(id).value)")
            )

        assert told() == ["GB", "GBP", "Europe/London", "en"]
        for country, *follows in (
            ("PL", "PLN", "Europe/Warsaw", "pl"),
            ("ES", "EUR", "Europe/Madrid", "es"),
            ("CZ", "CZK", "Europe/Prague", "en"),
        ):
            here.page.select_option("#country", country)
            assert told() == [country, *follows]
        here.page.select_option("#country", "US")
        assert told() == ["US", "USD", "Europe/Prague", "en"], "it has several time zones: one has to say which"
        here.page.select_option("#currency", "EUR")
        assert told()[1] == "EUR"
