"""The terms of a programme's prepaid rewards, as whole numbers of smallest units."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from app.domain.measures.money import smallest_units
from app.domain.points.conversion import MICRO
from app.domain.program_file.prepaid_settings import PrepaidPart
from app.domain.saying.wording import marked
from app.domain.states import Unit
from app.models.programs import Program
from prepaid.errors import TermsInvalid

_ = marked
SANDBOX = "sandbox"
"""The provider that moves no money."""


@dataclass(frozen=True)
class Terms:
    """On which terms an account's points become money on a card.

    Attributes:
        issues_cards: whether the provider issues a card with the first top-up; else the card must be registered.
        minimum_points: less than this is not converted; for money there is no least.
        maximum_minor: most money in one top-up; None: no limit.
        compensates_at_once: whether the tax is compensated together with the reward; else by a run of its own.
    """

    provider: str
    issues_cards: bool
    point_value_micro: int
    minimum_points: int
    maximum_minor: int | None
    compensates_at_once: bool

    def with_least(self, points: int) -> "Terms":
        """Give the same terms with a least that is no lower than this."""
        return replace(self, minimum_points=max(self.minimum_points, points))

    def as_json(self) -> dict[str, Any]:
        """Give them as a run keeps them."""
        return {
            "provider": self.provider,
            "cards": "on_first_load" if self.issues_cards else "registered",
            "point_value_micro": self.point_value_micro,
            "minimum_points": self.minimum_points,
            "maximum_minor": self.maximum_minor,
            "compensation": "at_once" if self.compensates_at_once else "by_run",
        }


def terms_of(program: Program, unit: Unit) -> Terms:
    """Read a programme's terms for one unit.

    Raises:
        TermsInvalid: An amount has more decimals than its unit, or the provider is none for this programme.
    """
    part = PrepaidPart.model_validate(program.prepaid)
    try:
        least = smallest_units(part.minimum_points or Decimal(0), program.point_decimals)
        most = None if part.maximum_amount is None else smallest_units(part.maximum_amount, program.currency_decimals)
    except ValueError as problem:
        words = _("The prepaid part of the programme %(program)s cannot be used: %(why)s.")
        raise TermsInvalid(words, program=program.code, why=str(problem)) from None
    points = unit is Unit.POINTS
    return Terms(
        provider=provider_of(program),
        issues_cards=part.cards == "on_first_load",
        point_value_micro=program.point_value_micro if points else MICRO,
        minimum_points=least if points else 0,
        maximum_minor=most,
        compensates_at_once=part.compensation.paid == "at_once",
    )


def provider_of(program: Program) -> str:
    """Name the card provider of a programme.

    Raises:
        TermsInvalid: It is none for a programme for training.
    """
    provider = PrepaidPart.model_validate(program.prepaid).provider
    refuse_in_training(provider, training=bool(program.settings.get("training")))
    return provider


def refuse_in_training(provider: str, *, training: bool) -> None:
    """Keep a programme for training away from every provider that moves money.

    Raises:
        TermsInvalid: It is for training, and this is not the sandbox.
    """
    if training and provider != SANDBOX:
        words = _("A programme for training loads no cards of %(provider)s: its runs go to the sandbox alone.")
        raise TermsInvalid(words, provider=provider)
