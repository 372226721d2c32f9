"""A new programme: what is usual in its country is chosen with the country, and stays to be chosen otherwise."""

from collections.abc import Callable
from typing import Any

from tests.app.web.world import World


def test_the_currency_and_the_time_zone_follow_the_country(world: World, visit: Callable[..., Any]) -> None:
    with visit("desktop") as here:
        here.sign_in(world.login("owner"), world.password)
        here.go("/platform/programs/new")
        chosen = here.page.evaluate

        def told() -> list[str]:
            return list(chosen("['country', 'currency', 'time_zone'].map((id) => document.getElementById(id).value)"))

        assert told() == ["GB", "GBP", "Europe/London"]
        for country, currency, time_zone in (
            ("PL", "PLN", "Europe/Warsaw"),
            ("ES", "EUR", "Europe/Madrid"),
            ("CZ", "CZK", "Europe/Prague"),
        ):
            here.page.select_option("#country", country)
            assert told() == [country, currency, time_zone]
        here.page.select_option("#country", "US")
        assert told() == ["US", "USD", "Europe/Prague"], "it has several time zones: one has to say which"
        here.page.select_option("#currency", "EUR")
        assert told()[1] == "EUR"
