"""How pages tell what an award was made of: in the reader's language, its numbers as everywhere on the page."""

from decimal import Decimal
from typing import Any

from flask_babel import gettext

from app.domain.rules.explain import AwardFacts, Teller
from app.domain.states import Unit
from app.web import formats


class Telling(Teller):
    """Tells the award of a programme to whoever reads the page."""

    def say(self, text: str) -> str:
        """Give a text in the reader's language."""
        found: str = gettext(text)
        return found

    def shown(self, value: Any) -> Any:
        """Write what fills a stored reason."""
        return formats.shown(value)

    def given(self, facts: AwardFacts, amount: int) -> str:
        """Write what was given, with its unit."""
        if facts.unit is Unit.MONEY:
            return self.money(facts, amount)
        return formats.points_in_words(Decimal(amount).scaleb(-facts.point_decimals))

    def money(self, facts: AwardFacts, minor: int) -> str:
        """Write an amount with its currency."""
        return formats.here().cash(minor, facts.currency_decimals, facts.currency)

    def quantity(self, milli: int) -> str:
        """Write how many pieces, with the decimals that there are."""
        return formats.quantity(milli)

    def decimal(self, value: Decimal) -> str:
        """Write a number of the programme file."""
        return formats.decimal(value)

    def share(self, basis_points: int) -> str:
        """Write a share."""
        return formats.share(basis_points)

    def whole(self, quotient: str) -> str:
        """Say that only the whole part counts."""
        return gettext("(%(computed)s, rounded down)", computed=quotient)
