"""Why nothing can be loaded on somebody's card, whatever it is for."""

from app.domain.measures.money import decimal_text
from app.domain.states import CardState
from app.domain.typed.card_numbers import holds_card_number, holds_issued_number
from app.models.programs import Program
from prepaid.taxing.tax import Refused
from prepaid.terms import Terms


def of_receiver(terms: Terms, *, code: str, name: str, blocked: bool, card_state: CardState | None) -> Refused | None:
    """Say what is in the way of whoever would be loaded; None: nothing is. ``card_state`` is none without a card."""
    if (refused := of_distributor(blocked=blocked)) is not None:
        return refused
    if holds_issued_number(code) or holds_card_number(name):
        return Refused(
            "card_number", "The distributor's code or name looks like a card number, which no order may hold."
        )
    return of_card(card_state, issues_cards=terms.issues_cards)


def of_distributor(*, blocked: bool) -> Refused | None:
    """Say what of a distributor is in the way."""
    return Refused("blocked", "The distributor is blocked: it may neither earn nor redeem.") if blocked else None


def of_card(state: CardState | None, *, issues_cards: bool) -> Refused | None:
    """Say what of a card is in the way; ``state`` is none where there is no card."""
    if state is None and not issues_cards:
        return Refused("no_card", "No card is registered; see `kontor cards register`.")
    if state is CardState.BLOCKED:
        return Refused("card_blocked", "The card is blocked; lift that, or replace the card.")
    return None


def over_maximum(terms: Terms, program: Program, amount: int, what: str) -> Refused | None:
    """Say that an amount is more than the programme loads at a time; ``what`` begins the sentence."""
    most = terms.maximum_minor
    if most is None or amount <= most:
        return None
    shown, limit = (decimal_text(one, program.currency_decimals) for one in (amount, most))
    return Refused("over_limit", f"{what} {shown}; a top-up has at most {limit} {program.currency}.")
