"""Mails and SMS: written in the transaction that gives rise to them, and sent after it by the sweeper.

Where nothing is set up that could send them they are held, and stand on the outbox page to be read there. What opens
something (a link, a code) can be read there only while it is held: once it is on its way it is its recipient's alone,
and once it is sent its text is not kept. It does not go out once what it opens is over.
"""

import datetime as dt
import enum
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, insert, or_, select, update
from sqlalchemy.orm import Session

from app.domain.states import MessageState
from app.models.messages import Message
from app.models.programs import Program
from app.services import audit
from app.services.telling import texts
from app.services.telling.languages import writing
from app.services.telling.openings import opens_nothing

MOST_FAILURES = 6
LEASE = dt.timedelta(minutes=5)
"""How long a message is left to whoever is sending it."""

_LONGEST_WAIT = dt.timedelta(hours=1)
"""Longer than a message ever waits to be tried once more."""
_LONGEST_ERROR = 500


class Channel(enum.StrEnum):
    """How a message reaches somebody."""

    MAIL = "mail"
    SMS = "sms"


class Kind(enum.StrEnum):
    """What a message is about; its texts have keys that begin so."""

    INVITATION = "invitation"
    SIGN_IN_LINK = "sign_in_link"
    SIGN_IN_CODE = "sign_in_code"
    RESET = "reset"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # the name of a message
    EMAIL_CODE = "email_code"
    EMAIL_CHANGED = "email_changed"
    PHONE_CODE = "phone_code"
    FACTORS_CHANGED = "factors_changed"
    APPLICATION_RECEIVED = "application_received"
    APPLICATION_CONSENT = "application_consent"
    APPLICATION_ACCEPTED = "application_accepted"
    APPLICATION_REFUSED = "application_refused"
    EXPORT_READY = "export_ready"
    RUN_PREPARED = "run_prepared"
    RUN_EMPTY = "run_empty"
    RUN_STOPPED = "run_stopped"
    DOCUMENT_ASKED = "document_asked"
    DOCUMENT_REFUSED = "document_refused"
    POINTS_EXPIRE = "points_expire"


BY_SMS = frozenset({Kind.SIGN_IN_CODE, Kind.PHONE_CODE})

OPENS_SOMETHING = frozenset(
    {
        Kind.INVITATION,
        Kind.SIGN_IN_LINK,
        Kind.SIGN_IN_CODE,
        Kind.RESET,
        Kind.EMAIL_CODE,
        Kind.PHONE_CODE,
        Kind.APPLICATION_ACCEPTED,
    }
)
"""Messages whose text would let whoever reads it in."""


@dataclass(frozen=True)
class Letter:
    """What one person is written: to which address, in which language, and what fills the texts."""

    to: str
    locale: str
    parts: Mapping[str, object]


@dataclass(frozen=True)
class Outgoing:
    """A message that is to be sent now."""

    id: int
    created_at: dt.datetime
    channel: Channel
    kind: str
    to: str
    subject: str | None
    body: str
    failures: int
    attachment: str | None = None
    attachment_name: str | None = None


def write(
    session: Session,
    kind: Kind,
    to: str,
    *,
    locale: str | None,
    now: dt.datetime,
    program: Program | None = None,
    attachment: tuple[str, str] | None = None,
    opens: bytes | None = None,
    **parts: object,
) -> int:
    """Write a message in somebody's language, with its parts put in. It is sent once the caller has committed.

    ``attachment`` goes with a mail: its path below the folder of files, and its name for whoever gets it. ``opens`` is
    the hash of the link or the code among the parts: once that opens nothing, the message does not go out.
    """
    letter = Letter(to, texts.known(locale), parts)
    (values,) = _written(session, kind, [letter], program, now)
    message = Message(
        **values,
        attachment=attachment[0] if attachment is not None else None,
        attachment_name=attachment[1] if attachment is not None else None,
        opens=opens,
    )
    session.add(message)
    session.flush()
    return message.id


def write_many(
    session: Session, kind: Kind, letters: Sequence[Letter], *, program: Program | None, now: dt.datetime
) -> None:
    """Write a message to each of many, as `write` does: one query for each of their languages, and one that writes."""
    values = list(_written(session, kind, letters, program, now))
    if values:
        session.execute(insert(Message), values)


def _written(
    session: Session, kind: Kind, letters: Sequence[Letter], program: Program | None, now: dt.datetime
) -> Iterator[dict[str, object]]:
    """Put the parts of letters into the texts of their languages: each as a row of its own."""
    program_id = None if program is None else program.id
    keys = [key for key in (f"{kind}.subject", f"{kind}.body") if key in texts.TEXTS]
    languages = sorted({one.locale for one in letters})
    wordings = {one: texts.wordings(session, program_id, keys, one) for one in languages}
    always = {
        "program": program.name if program is not None else "Kontor",
        "sponsor": program.sponsor if program is not None else "Kontor",
    }
    for one in letters:
        given, words = {**always, **one.parts}, wordings[one.locale]
        subject = words.get(f"{kind}.subject")
        yield {
            "program_id": program_id,
            "channel": Channel.SMS if kind in BY_SMS else Channel.MAIL,
            "to": one.to,
            "subject": None if subject is None else " ".join(texts.filled(subject, given).split()),
            "body": texts.filled(words[f"{kind}.body"], given),
            "locale": one.locale,
            "kind": kind,
            "state": MessageState.WAITING,
            "failures": 0,
            "created_at": now,
            "try_at": now,
        }


def moment(locale: str | None, at: dt.datetime) -> str:
    """Write when something happened to somebody whose time zone nobody knows."""
    return f"{writing(texts.known(locale)).instant(at, 'UTC')} UTC"


def can_be_read(kind: str, state: str, channel: str, gateways: Collection[Channel]) -> bool:
    """Tell whether the outbox may show a message's text: what opens something, only while nothing could send it."""
    if kind not in OPENS_SOMETHING:
        return True
    return state == MessageState.HELD or (state == MessageState.WAITING and channel not in gateways)


def hold(session: Session, channel: Channel) -> int:
    """Hold what waits for a channel that is not set up. Returns how many there were. The caller commits."""
    held = session.scalars(
        update(Message)
        .where(Message.state == MessageState.WAITING, Message.channel == channel)
        .values(state=MessageState.HELD)
        .returning(Message.id)
    )
    return len(held.all())


def give_up_what_opens_nothing(session: Session, now: dt.datetime) -> int:
    """Give up what waits and brings a link or a code that is over. Returns how many there were. The caller commits."""
    given_up = session.scalars(
        update(Message)
        .where(Message.state == MessageState.WAITING, opens_nothing(now))
        .values(state=MessageState.FAILED, error=None)
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    )
    return len(given_up.all())


def take(session: Session, channels: Collection[Channel], now: dt.datetime) -> Outgoing | None:
    """Take the next message that is due, and leave it to the caller for some minutes. The caller commits, then sends.

    Who dies while sending leaves it to be sent once more: a mail may come twice, and none is lost.
    """
    found = session.scalars(
        select(Message)
        .where(
            Message.state == MessageState.WAITING,
            Message.channel.in_(list(channels)),
            # by a clock that was ahead it says a day that is still to come
            or_(Message.try_at <= now, Message.try_at > now + _LONGEST_WAIT),
        )
        .order_by(Message.try_at, Message.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        return None
    found.try_at = now + LEASE
    session.flush()
    return Outgoing(
        found.id,
        found.created_at,
        Channel(found.channel),
        found.kind,
        found.to,
        found.subject,
        found.body,
        found.failures,
        found.attachment,
        found.attachment_name,
    )


def _still(message: Outgoing) -> tuple[ColumnElement[bool], ...]:
    """Say that a message is what was taken: meanwhile its person may be erased, or somebody else has sent it."""
    return Message.id == message.id, Message.state == MessageState.WAITING, Message.to == message.to


def sent(session: Session, message: Outgoing, now: dt.datetime) -> None:
    """Note that a message is on its way. What opens something is not kept. The caller commits."""
    kept = "" if message.kind in OPENS_SOMETHING else message.body
    subject = None if message.kind in OPENS_SOMETHING else message.subject
    session.execute(
        update(Message)
        .where(*_still(message))
        .values(state=MessageState.SENT, sent_at=now, error=None, body=kept, subject=subject)
    )


def failed(session: Session, message: Outgoing, error: str, now: dt.datetime, *, for_good: bool = False) -> None:
    """Note that a message could not be sent: it is tried later and later, then no more. The caller commits."""
    failures = message.failures + 1
    given_up = for_good or failures >= MOST_FAILURES
    session.execute(
        update(Message)
        .where(*_still(message))
        .values(
            state=MessageState.FAILED if given_up else MessageState.WAITING,
            failures=failures,
            error=error[:_LONGEST_ERROR],
            try_at=now + dt.timedelta(minutes=2**failures),
        )
    )


def send_again(session: Session, message_id: int, *, program_id: int | None, actor: str, now: dt.datetime) -> bool:
    """Let a message that is held or failed be tried anew. The caller commits.

    False where it is neither, or what it opens is over. With ``program_id`` only a message of that programme is.
    """
    query = (
        update(Message)
        .where(
            Message.id == message_id,
            Message.state.in_([MessageState.HELD, MessageState.FAILED]),
            ~opens_nothing(now),
        )
        .execution_options(synchronize_session=False)
    )
    if program_id is not None:
        query = query.where(Message.program_id == program_id)
    row = session.execute(
        query.values(state=MessageState.WAITING, failures=0, error=None, try_at=now).returning(
            Message.program_id, Message.to
        )
    ).one_or_none()
    if row is None:
        return False
    audit.note(session, actor, "message.send_again", row.to, now=now, program_id=row.program_id)
    return True


def counts(session: Session, program_id: int | None = None) -> dict[str, int]:
    """Count messages that were not sent, by state; of one programme or of all."""
    query = select(Message.state, func.count()).where(Message.state != MessageState.SENT).group_by(Message.state)
    if program_id is not None:
        query = query.where(Message.program_id == program_id)
    return dict(session.execute(query).all())
