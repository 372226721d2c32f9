"""People by their names: what is kept of who did something is a sign-in name, and pages say whose that is.

The sign-in name stands in a title, and beside the name where two people are called alike. What nobody signs in with
stands as it is kept: a person who is there no more, or an account on the machine of whoever ran a command.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import g
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup, escape
from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import aliased

from app.models.people import Membership, UserAccount
from app.services.orders import gifts
from app.web.context import scope_or_none, session
from app.web.long_words import breakable, has_long_word
from prepaid.cards.cards import FIRST_TOP_UP
from prepaid.scheduled import ACTOR as SCHEDULE

PROVIDER: Mapping[str, Any] = {
    "sandbox": _("Sandbox"),
    "batch_file": _("Card operator's files"),
    "stripe": _("Stripe Issuing"),
}
"""Card providers, by their names in programme files."""

BY_ITSELF: Mapping[str, Any] = {
    gifts.BY: _("Kontor, by itself"),
    SCHEDULE: _("the programme's schedule"),
    FIRST_TOP_UP: _("the first top-up"),
    **PROVIDER,
}
"""What does things without anybody's asking, by what is kept of it."""

_ON_THE_MACHINE = "cli:"
_ALIKE = aliased(UserAccount)


@dataclass(frozen=True)
class _Known:
    """Whose a sign-in name is; ``alike``: somebody else is called so as well."""

    name: str
    alike: bool


def learn(logins: Iterable[str | None]) -> None:
    """Look up whose these sign-in names are, in one query for all that this page does not know yet."""
    known = _known()
    asked = {login for login in logins if login and login not in known and login not in BY_ITSELF}
    if not asked:
        return
    known.update(dict.fromkeys(asked))
    alike = exists().where(_ALIKE.name == UserAccount.name, _ALIKE.id != UserAccount.id, *_here())
    rows = session().execute(
        select(UserAccount.login, UserAccount.name, alike).where(UserAccount.login.in_(sorted(asked)))
    )
    known.update((login, _Known(name, is_alike)) for login, name, is_alike in rows)


def name_of(login: str) -> str:
    """Say in a text whose a sign-in name is."""
    if login in BY_ITSELF:
        return str(BY_ITSELF[login])
    if login.startswith(_ON_THE_MACHINE):
        return gettext("%(account)s at the command line", account=login.removeprefix(_ON_THE_MACHINE))
    learn([login])
    known = _known().get(login)
    if known is None:
        return login
    return f"{known.name} ({login})" if known.alike else known.name


def who(login: str | None) -> Markup:
    """Write whose a sign-in name is; nothing where nobody is named, no title where nobody signs in by it."""
    if not login:
        return Markup()
    name = name_of(login)
    css = Markup(' class="long"') if has_long_word(name) else Markup()
    if name != login and login not in BY_ITSELF:
        return Markup('<span{} title="{}">{}</span>').format(css, login, breakable(name))
    return Markup("<span{}>{}</span>").format(css, breakable(name)) if css else escape(name)


def _here() -> Sequence[ColumnElement[bool]]:
    """Ask for people of the page's programme: what others are called confuses nobody there."""
    here = scope_or_none()
    if here is None:
        return ()
    member = exists().where(Membership.user_id == _ALIKE.id, Membership.program_id == here.program.id)
    return (or_(_ALIKE.platform_owner, member),)


def _known() -> dict[str, _Known | None]:
    known: dict[str, _Known | None] = g.setdefault("people_named", {})
    return known
