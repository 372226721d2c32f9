"""Whether a programme is set up for its card provider: what is checked before anybody orders, and before a run is paid.

What a programme's file says wrongly is refused when it is loaded. What stands elsewhere (a key in the environment,
cards of distributors, a profile that reads statements) may be missing all the same, and that is told here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.config import Settings
from app.domain.program_file.prepaid_settings import PrepaidPart, problems_of_prepaid, stripe_accounts_for
from app.models.programs import Program
from prepaid.cards.cards import without_card
from prepaid.terms import SANDBOX

_STATEMENTS = "statements"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: what was found, whether that is fine, and why not.

    ``fine`` is None where it is not wrong, and somebody should know.
    """

    code: str
    fine: bool | None
    found: str
    why: str = ""


def checks(session: Session, settings: Settings, program: Program) -> Sequence[Check]:
    """Look at everything that a programme's provider needs from it; nothing outside is asked."""
    part = PrepaidPart.model_validate(program.prepaid)
    problems = list(problems_of_prepaid(part, program.currency, program.country))
    found = [
        _provider(program, part),
        _of_file("currency", program.currency, problems, "program.currency"),
        _of_file("country", program.country, problems, "program.country"),
        *_of_provider(settings, part, problems),
        _limits(program, part),
        _cards(session, program, part),
        _statements(program, part),
    ]
    return [one for one in found if one is not None]


def _provider(program: Program, part: PrepaidPart) -> Check | None:
    """Tell whether loads are as real as the programme: real ones that the sandbox plays come onto no card."""
    if not program.settings.get("training"):
        why = "the sandbox moves no money: what it tells as loaded is on no card"
        return Check("sandbox", None, SANDBOX, why) if part.provider == SANDBOX else None
    fine = part.provider == SANDBOX
    return Check("training", fine, part.provider, "" if fine else "a programme for training loads no real cards")


def _of_file(code: str, found: str, problems: Sequence[str], *places: str) -> Check:
    """Tell of what the programme's file says."""
    why = "; ".join(one for one in problems if one.startswith(places))
    return Check(code, not why, found, why)


def _of_provider(settings: Settings, part: PrepaidPart, problems: Sequence[str]) -> list[Check]:
    if part.provider == "batch_file":
        found = part.batch_file.format if part.batch_file else ""
        return [_of_file("template", found, problems, "prepaid.batch_file", "prepaid.cards")]
    if part.provider != "stripe":
        return []
    account = part.stripe.account_country if part.stripe else ""
    secret, told = settings.stripe_secret_key is not None, settings.stripe_webhook_secret is not None
    return [
        _of_file("account", account, problems, "prepaid.stripe"),
        Check("key", secret, "set" if secret else "", "" if secret else "KONTOR_STRIPE_SECRET_KEY is not set"),
        Check("told", told or None, "set" if told else "", "" if told else "KONTOR_STRIPE_WEBHOOK_SECRET is not set"),
    ]


def _limits(program: Program, part: PrepaidPart) -> Check | None:
    if part.provider == SANDBOX:
        return None
    there = program.country in part.limits
    why = "" if there else f"prepaid.limits says nothing of {program.country}"
    return Check("limits", there or None, program.country if there else "", why)


def _cards(session: Session, program: Program, part: PrepaidPart) -> Check:
    count = len(without_card(session, program))
    fine = part.cards == "on_first_load" or count == 0
    why = "" if fine else f"{count} distributors have no card; register theirs before the next run"
    return Check("cards", fine or None, str(count), why)


def _statements(program: Program, part: PrepaidPart) -> Check | None:
    if part.provider == SANDBOX:
        return None
    there = _STATEMENTS in program.import_profiles
    return Check("statements", there or None, "", "" if there else "no import profile reads the provider's statements")


def accounts_for(program: Program) -> Sequence[str]:
    """Name the countries whose accounts at Stripe may issue cards to this programme's holders in its currency."""
    return stripe_accounts_for(program.currency, program.country)
