"""Why a reward cannot be computed under a rule, each with the figures that say so."""

from collections.abc import Sequence

from app.domain.taxes.tax_rules import TaxRule, amount_text


class TaxError(Exception):
    """A reward cannot be computed under a rule. The text is for the person who must solve it."""


class ForbiddenByRuleError(TaxError):
    """The rule must not be used for what this programme rewards."""

    def __init__(self, rule: TaxRule, reason: str) -> None:
        """Carry the rule's own reason."""
        super().__init__(f"Rule {rule.code} may not be used here: {reason}. The redemption is blocked.")
        self.rule, self.reason = rule, reason


class CapExceededError(TaxError):
    """The recipient's rewards of the year would pass what the rule covers."""

    def __init__(self, rule: TaxRule, cap_minor: int, year_before_minor: int, value_minor: int, decimals: int) -> None:
        """Carry the amounts, in minor units."""
        super().__init__(
            f"Rule {rule.code} covers {amount_text(cap_minor, decimals)} a year and recipient: "
            f"{amount_text(year_before_minor, decimals)} are used, {amount_text(value_minor, decimals)} more would "
            "exceed it. The redemption is blocked."
        )
        self.rule, self.cap_minor = rule, cap_minor
        self.year_before_minor, self.value_minor = year_before_minor, value_minor


class TaxExceedsRewardError(TaxError):
    """The participant would have to pay more tax than the reward is worth."""

    def __init__(self, rule: TaxRule, value_minor: int, levied_minor: int, decimals: int) -> None:
        """Carry the amounts, in minor units."""
        super().__init__(
            f"Rule {rule.code} levies {amount_text(levied_minor, decimals)} on a reward of "
            f"{amount_text(value_minor, decimals)}. The redemption is blocked."
        )
        self.rule, self.value_minor, self.levied_minor = rule, value_minor, levied_minor


class ChoiceError(TaxError):
    """The sponsor has not chosen among what a rule offers, or chose what it does not offer."""

    def __init__(self, rule: TaxRule, what: str, chosen: object, offered: Sequence[object]) -> None:
        """Carry what was chosen and what may be."""
        super().__init__(
            f"Rule {rule.code}: {what} is {chosen!s}, and must be one of {', '.join(str(one) for one in offered)}."
        )
        self.rule, self.chosen, self.offered = rule, chosen, tuple(offered)


class MissingFigureError(TaxError):
    """The rule needs a figure that was not given."""

    def __init__(self, rule: TaxRule, figure: str) -> None:
        """Name the figure."""
        super().__init__(f"Rule {rule.code} cannot be computed without {figure}.")
        self.rule, self.figure = rule, figure


class WrongCurrencyError(TaxError):
    """The rule's amounts are in another currency than the reward."""

    def __init__(self, rule: TaxRule, currency: str, decimals: int) -> None:
        """Name both currencies."""
        super().__init__(
            f"Rule {rule.code} counts in {rule.currency} with {rule.decimals} decimals, the reward in {currency} with "
            f"{decimals}. The redemption is blocked."
        )
        self.rule, self.currency, self.decimals = rule, currency, decimals
