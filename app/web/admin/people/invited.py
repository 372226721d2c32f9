"""Who is invited to a programme and not here yet: the list, and what is done to many invitations at once."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from flask import Blueprint, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased
from werkzeug.wrappers import Response

from app.models.distributors import Distributor
from app.models.joining import Invitation
from app.models.people import UserAccount
from app.services.access import invitations
from app.web import formats
from app.web.auth.links import invitation_link
from app.web.context import now, person, scope, session
from app.web.forms.asked import Sure
from app.web.lists import together
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Action, Badge, Choice, Column, Kind, Listing, OneOf, Search
from app.web.lists.together import Deed, Row, Stays
from app.web.words.wording import ROLE

bp = Blueprint("invitations", __name__)

_INVITER = aliased(UserAccount)
_QUERY: Select[Any] = (
    select()
    .select_from(Invitation)
    .outerjoin(Distributor, Distributor.id == Invitation.distributor_id)
    .outerjoin(_INVITER, _INVITER.login == Invitation.invited_by)
    .where(Invitation.program_id == HERE, *invitations.open_ones())
)


def _state(expires_at: dt.datetime) -> Badge:
    return Badge(_("Too old"), "bad") if expires_at <= now() else Badge(_("Waits"), "wait")


INVITATIONS = Listing(
    name="invitations",
    title=_("Open invitations"),
    columns=(
        Column("name", _("Full name"), Invitation.name, sort=Invitation.name, small="login"),
        Column("role", _("Role"), Invitation.role, sort=Invitation.role, words=lambda role: ROLE.get(role, role)),
        Column("distributor", _("Distributor"), Distributor.name, small="code"),
        Column(
            "invited_by",
            _("Invited by"),
            Invitation.invited_by,
            Kind.PERSON,
            sort=func.coalesce(_INVITER.name, Invitation.invited_by),
            phone=False,
        ),
        Column("created_at", _("Invited"), Invitation.created_at, Kind.INSTANT, Invitation.created_at, phone=False),
        Column("until", _("Holds until"), Invitation.expires_at, Kind.INSTANT, Invitation.expires_at),
        Column("expires_at", _("State"), Invitation.expires_at, badge=_state),
        Column("login", _("E-mail"), Invitation.login, shown=False),
        Column("code", _("Code"), Distributor.code, Kind.CODE, shown=False),
    ),
    query=_QUERY,
    id=Invitation.id,
    default="-created_at",
    actions=(
        Action(_("Send anew…"), "invitations.send_many", "manage_people"),
        Action(_("Take back…"), "invitations.withdraw_many", "manage_people", danger=True),
    ),
    filters=(
        Search(
            Invitation.name,
            Invitation.login,
            Distributor.name,
            Distributor.code,
            title=_("Name, e-mail or distributor"),
        ),
        OneOf.named("role", _("Role"), Invitation.role, ROLE),
        OneOf(
            "state",
            _("State"),
            (Choice("waits", _("Waits")), Choice("old", _("Too old"))),
            lambda value: Invitation.expires_at <= now() if value == "old" else Invitation.expires_at > now(),
        ),
    ),
)


@bp.get("/programs/<code:program_code>/people/invitations")
def index(program_code: str) -> str | Response:
    return answer(INVITATIONS, "admin/people/invitations.html", counted=True)


@bp.post("/programs/<code:program_code>/people/invitations/send-many")
def send_many(program_code: str) -> together.Answer:
    def send(writing: Session, invitation_id: int) -> None:
        try:
            sent = invitations.send_again(
                writing,
                scope().program,
                invitation_id,
                link=invitation_link,
                actor=person().login,
                inviter=person().name,
                now=now(),
            )
        except invitations.AlreadyThere as problem:
            raise Stays(gettext("They have this role already.")) from problem
        if not sent:
            raise Stays(_gone())

    return together.decide(
        Deed(
            INVITATIONS,
            url_for("invitations.index", program_code=program_code),
            "people",
            heading=lambda count: ngettext("Send %(num)s invitation anew", "Send %(num)s invitations anew", count),
            means=_("Everybody gets a mail with a new link. Older links hold no more."),
            now=_("Holds until"),
            button=_("Send anew"),
            done=lambda count: ngettext(
                "%(num)s invitation is sent anew.", "%(num)s invitations are sent anew.", count
            ),
            form=Sure(),
            look=_look,
            do=send,
        )
    )


@bp.post("/programs/<code:program_code>/people/invitations/withdraw-many")
def withdraw_many(program_code: str) -> together.Answer:
    def withdraw(writing: Session, invitation_id: int) -> None:
        if not invitations.withdraw(writing, scope().program, invitation_id, actor=person().login, now=now()):
            raise Stays(_gone())

    return together.decide(
        Deed(
            INVITATIONS,
            url_for("invitations.index", program_code=program_code),
            "people",
            heading=lambda count: ngettext("Take %(num)s invitation back", "Take %(num)s invitations back", count),
            means=_("The links that were sent invite nobody any more. Nobody is told."),
            now=_("Holds until"),
            button=_("Take back"),
            done=lambda count: ngettext(
                "%(num)s invitation is taken back.", "%(num)s invitations are taken back.", count
            ),
            form=Sure(),
            look=_look,
            do=withdraw,
            danger=True,
        )
    )


def _gone() -> str:
    return gettext("This invitation does not wait any more.")


def _look(ids: Sequence[int]) -> Iterator[Row]:
    """Give invitations with how long they hold."""
    found = session().execute(
        select(Invitation.id, Invitation.name, Invitation.login, Invitation.expires_at).where(Invitation.id.in_(ids))
    )
    zone = formats.zone()
    for id_, name, login, until in found:
        yield Row(id_, name, login, gettext("Too old") if until <= now() else formats.here().instant(until, zone))
