"""Cards from a file: by token and last four digits, each for the distributor that holds it."""

from sqlalchemy import select

from app.domain.saying.wording import marked
from app.domain.states import CardState, Outcome
from app.domain.typed.codes import code_key
from app.models.distributors import Distributor
from app.models.prepaid import Card
from app.services.participants import distributors
from importers.kinds.desk import Desk, Loaded, Loader
from importers.kinds.rows import ThingRows
from importers.problems.problems import Problems
from prepaid.cards import cards
from prepaid.cards.cards import CardInvalid
from prepaid.cards.last_four import EXPECTED, last_four
from prepaid.errors import PrepaidError

_ = marked
_REPLACED = _("This card was replaced by another one. Where it is the one to be loaded again, register it by hand.")
_KEPT, _WHOLE = 4, 13
"""Digits of a card's number that are kept, and of the shortest number."""
_HIDDEN = frozenset("xX*•")
"""What stands for digits that are not shown."""


def load(desk: Desk, rows: ThingRows, problems: Problems) -> Loaded:
    """Register the cards that are not the loaded ones already; what is no token, or somebody else's, is refused.

    So is a card in whose place its distributor has another one: an older file that comes again would load it once more.
    """
    session, program = desk.session, desk.program
    known = distributors.distributor_ids(session, program.id)
    loaded = {
        (owner, token, last4)
        for owner, token, last4 in session.execute(
            select(Card.distributor_id, Card.token, Card.last4)
            .join(Distributor, Distributor.id == Card.distributor_id)
            .where(Card.program_id == program.id, Card.active)
        )
    }
    replaced = {
        (owner, token)
        for owner, token in session.execute(
            select(Card.distributor_id, Card.token).where(
                Card.program_id == program.id, Card.state == CardState.REPLACED
            )
        )
    }
    registered = here = 0
    for row, cells in rows:
        code, token, written = (str(cells[field]) for field in ("distributor", "token", "last4"))
        owner, last4 = known.get(code_key(code)), _last_four(written)
        if owner is None:
            problems.add(row, Outcome.HELD, "unknown_distributor", found=repr(code))
        elif last4 is None:
            field, found = rows.columns["last4"], repr(written)
            problems.add(row, Outcome.REFUSED, "no_such_value", field=field, found=found, expected=EXPECTED)
        elif (owner, token, last4) in loaded:
            here += 1
        elif (owner, token) in replaced:
            problems.add(row, Outcome.REFUSED, "no_card", why=CardInvalid(_REPLACED).said.kept())
        else:
            try:
                cards.register(session, program, code, token=token, last4=last4, actor=desk.actor, now=desk.now)
            except PrepaidError as wrong:
                problems.add(row, Outcome.REFUSED, "no_card", why=wrong.said.kept())
            else:
                registered += 1
    return Loaded(registered, 0, here)


def _last_four(text: str) -> str | None:
    """Read the last four digits of a card. What may be a whole number stays as it is: registering it is refused."""
    digits = sum(one.isdecimal() for one in text)
    if digits >= _WHOLE:
        return text
    return last_four(text) if digits <= _KEPT or _HIDDEN & set(text) else None


LOADER = Loader(("distributor", "token", "last4"), ("distributor",), load)
