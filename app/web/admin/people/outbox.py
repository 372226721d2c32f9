"""What a programme sends: mails and SMS with their state; what is held or failed can be sent again."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.domain.states import MessageState
from app.extensions import db
from app.models.messages import Message
from app.outbox.gateways import gateways_of
from app.services.telling import messages
from app.services.telling.messages import Channel
from app.services.telling.messages import Kind as About
from app.services.telling.openings import opens_nothing
from app.web.context import now, person, scope, session, settings
from app.web.forms.asked import Sure
from app.web.lists import together
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Action, Badge, Column, Listing, Moments, OneOf, Search, To
from app.web.lists.describing import Kind as Written
from app.web.lists.together import Deed, Row, Stays

bp = Blueprint("outbox", __name__)

STATE: Mapping[MessageState, Badge] = {
    MessageState.WAITING: Badge(_("On its way"), "busy"),
    MessageState.SENT: Badge(_("Sent"), "good"),
    MessageState.FAILED: Badge(_("Not sent"), "bad"),
    MessageState.HELD: Badge(_("Held"), "wait"),
}

ABOUT: Mapping[str, Any] = {
    About.INVITATION: _("Invitation"),
    About.SIGN_IN_LINK: _("Link to sign in"),
    About.SIGN_IN_CODE: _("Code to sign in"),
    About.RESET: _("Forgotten password"),
    About.PASSWORD_CHANGED: _("Password changed"),
    About.EMAIL_CODE: _("New e-mail address"),
    About.EMAIL_CHANGED: _("E-mail address changed"),
    About.PHONE_CODE: _("New phone number"),
    About.FACTORS_CHANGED: _("Second step changed"),
    About.APPLICATION_RECEIVED: _("Application received"),
    About.APPLICATION_CONSENT: _("Employer’s consent"),
    About.APPLICATION_ACCEPTED: _("Application accepted"),
    About.APPLICATION_REFUSED: _("Application refused"),
    About.EXPORT_READY: _("Export made by a plan"),
    About.RUN_PREPARED: _("Scheduled conversion run prepared"),
    About.RUN_EMPTY: _("Scheduled conversion run without points"),
    About.RUN_STOPPED: _("Scheduled conversion run not prepared"),
    About.DOCUMENT_ASKED: _("Question about an invoice"),
    About.DOCUMENT_REFUSED: _("Invoice refused"),
    About.POINTS_EXPIRE: _("Points about to expire"),
}

CHANNEL: Mapping[str, Any] = {Channel.MAIL: _("E-mail"), Channel.SMS: _("SMS")}


def about(kind: str) -> Any:
    """Say what a message is about."""
    return ABOUT.get(kind, kind)


def listing(name: str, query: Any, link: To, again: Action) -> Listing:
    """Describe a list of messages: of one programme, or of all that there are."""
    return Listing(
        name=name,
        title=_("Messages"),
        columns=(
            Column("to", _("To whom"), Message.to, sort=Message.to, link=link),
            Column("kind", _("What about"), Message.kind, sort=Message.kind, words=about),
            Column("channel", _("Channel"), Message.channel, words=lambda channel: CHANNEL[channel], phone=False),
            Column("created_at", _("Written"), Message.created_at, Written.INSTANT, Message.created_at),
            Column("sent_at", _("Sent"), Message.sent_at, Written.INSTANT, phone=False),
            Column("state", _("State"), Message.state, badge=lambda state: STATE[MessageState(state)]),
        ),
        query=query,
        id=Message.id,
        default="-created_at",
        actions=(again,),
        filters=(
            Search(Message.to, title=_("Address or number")),
            OneOf.named("state", _("State"), Message.state, STATE),
            OneOf.named("about", _("What about"), Message.kind, ABOUT),
            Moments("written", _("Written"), Message.created_at),
        ),
    )


_QUERY: Select[Any] = select().select_from(Message).where(Message.program_id == HERE)

SEND_AGAIN = _("Send again…")

MESSAGES = listing(
    "messages",
    _QUERY,
    To("outbox.show", message_id="row_id"),
    Action(SEND_AGAIN, "outbox.send_many", "manage_people"),
)


@bp.get("/programs/<code:program_code>/outbox")
def index(program_code: str) -> str | Response:
    return answer(MESSAGES, "admin/people/outbox.html", missing=missing())


@bp.get("/programs/<code:program_code>/outbox/<id:message_id>")
def show(program_code: str, message_id: int) -> str:
    return message_page(
        message_id,
        back=url_for("outbox.index", program_code=program_code),
        again=url_for("outbox.send_again", program_code=program_code, message_id=message_id),
    )


@bp.post("/programs/<code:program_code>/outbox/<id:message_id>/send-again")
def send_again(program_code: str, message_id: int) -> Response:
    let_go(message_id, scope().program.id)
    return redirect(url_for("outbox.show", program_code=program_code, message_id=message_id), 303)


@bp.post("/programs/<code:program_code>/outbox/send-again")
def send_many(program_code: str) -> together.Answer:
    return let_many_go(MESSAGES, url_for("outbox.index", program_code=program_code), "outbox", scope().program.id)


def gateways() -> Collection[Channel]:
    """Give the ways that are set up to send something."""
    return gateways_of(settings()).keys()


def missing() -> list[Any]:
    """Name the ways that are not set up."""
    return [CHANNEL[channel] for channel in Channel if channel not in gateways()]


def message_page(message_id: int, *, back: str, again: str) -> str:
    """Show a message; what opens something, only while nothing can send it."""
    found = session().get_one(Message, message_id)
    over = bool(session().scalars(select(opens_nothing(now())).where(Message.id == message_id)).one())
    stays = found.state in (MessageState.HELD, MessageState.FAILED)
    return render_template(
        "admin/people/message.html",
        one=found,
        about=about(found.kind),
        channel=CHANNEL[found.channel],
        state=STATE[MessageState(found.state)],
        readable=messages.can_be_read(found.kind, found.state, found.channel, gateways()),
        kept=bool(found.body),
        can_go=stays and not over and found.channel in gateways(),
        over=stays and over,
        back=back,
        again=again,
    )


def let_go(message_id: int, program_id: int | None) -> None:
    """Let a message be sent anew, and say so."""
    with transaction(db.session) as changing:
        going = messages.send_again(changing, message_id, program_id=program_id, actor=person().login, now=now())
    if going:
        flash(gettext("The message is on its way."), "success")
    else:
        flash(
            gettext("This message is neither held nor has it failed, or its link or code opens nothing any more."),
            "warning",
        )


def let_many_go(messages_of: Listing, back: str, active: str, program_id: int | None) -> together.Answer:
    """Let chosen messages be sent anew, once somebody has looked at which."""

    def let_one_go(writing: Session, message_id: int) -> None:
        if not messages.send_again(writing, message_id, program_id=program_id, actor=person().login, now=now()):
            raise Stays(gettext("Neither held nor failed, or its link or code opens nothing any more."))

    return together.decide(
        Deed(
            messages_of,
            back,
            active,
            heading=lambda count: ngettext("Send %(num)s message again", "Send %(num)s messages again", count),
            means=_("They go out as they were written."),
            now=_("State"),
            button=_("Send again"),
            done=lambda count: ngettext("%(num)s message is on its way.", "%(num)s messages are on their way.", count),
            form=Sure(),
            look=_look,
            do=let_one_go,
        )
    )


def _look(ids: Sequence[int]) -> Iterator[Row]:
    """Give messages with their state: what was sent or is on its way stays, and what nothing is set up to send."""
    ways = gateways()
    found = session().execute(
        select(
            Message.id, Message.to, Message.kind, Message.state, Message.channel, opens_nothing(now()).label("over")
        ).where(Message.id.in_(ids))
    )
    for id_, to, kind, state, channel, over in found:
        stays = None
        if state not in (MessageState.HELD, MessageState.FAILED):
            stays = gettext("Neither held nor failed.")
        elif over:
            stays = gettext("Its link or code opens nothing any more.")
        elif channel not in ways:
            stays = gettext("Not set up: %(ways)s.", ways=CHANNEL[channel])
        yield Row(id_, to, about(kind), STATE[MessageState(state)].text, stays)
