"""Messages: worded in people's languages and a sponsor's own words, taken by one sender, and readable by few."""

import datetime as dt
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.states import MessageState
from app.models.messages import Message
from app.models.people import AuditEvent
from app.models.programs import Program
from app.services.telling import messages, texts
from app.services.telling.languages import LANGUAGES
from app.services.telling.messages import BY_SMS, OPENS_SOMETHING, Channel, Kind, Outgoing
from app.services.telling.texts import TEXTS, TextInvalid
from tests.app.services.conftest import new_login
from tests.support.programs import NOW

BOTH = (Channel.MAIL, Channel.SMS)


def invite(session: Session, to: str, program: Program | None = None, **more: str) -> Message:
    parts = {"name": "Ann", "inviter": "Bob", "role": "Viewer", "until": "tomorrow", "link": "https://x.example/abc"}
    given = {"locale": "en", **parts, **more}
    return session.get_one(Message, messages.write(session, Kind.INVITATION, to, now=NOW, program=program, **given))


def take(session: Session, **later: float) -> Outgoing | None:
    return messages.take(session, BOTH, NOW + dt.timedelta(**later))


def only(session: Session, message: Message) -> None:
    """Let no other message wait."""
    others = select(Message).where(Message.state == MessageState.WAITING, Message.id != message.id)
    for one in session.scalars(others):
        one.state = MessageState.HELD
    session.flush()


def test_every_kind_of_message_has_its_texts_and_every_text_its_message() -> None:
    bodies = {f"{kind}.body" for kind in Kind}
    subjects = {f"{kind}.subject" for kind in Kind if kind not in BY_SMS}
    assert set(TEXTS) == bodies | subjects


def test_every_text_has_the_parts_that_it_says() -> None:
    for text in TEXTS.values():
        found = texts.parts_of(text.source)
        assert found <= text.parts, text.key
        assert text.needed <= found, text.key
        assert text.source.count("%") == text.source.count("%("), text.key
        assert text.about


def test_what_opens_something_has_a_link_or_a_code_that_no_wording_leaves_out() -> None:
    for kind in OPENS_SOMETHING:
        assert TEXTS[f"{kind}.body"].needed & {"link", "code"}, kind


def test_a_message_is_worded_with_its_parts(session: Session, program: Program) -> None:
    written = invite(session, "ann@example.com", program)
    assert written.subject == "You are invited to Test programme"
    assert "Bob invites you to Test programme of Test sponsor. Your role there: Viewer." in written.body
    assert "https://x.example/abc" in written.body
    assert (written.state, written.channel, written.program_id) == (MessageState.WAITING, Channel.MAIL, program.id)


def test_a_subject_is_one_line_whatever_somebody_is_called(session: Session, program: Program) -> None:
    program.name = "Evil\r\nBcc: everybody@example.com"
    assert invite(session, "ann@example.com", program).subject == ("You are invited to Evil Bcc: everybody@example.com")


def test_a_sponsor_s_own_words_are_taken_in_their_language_alone(session: Session, program: Program) -> None:
    def put(wording: str, key: str = "invitation.body", locale: str = "pl") -> None:
        texts.put_override(session, program.id, key, locale, wording, actor="boss", now=NOW)

    put("Cześć %(name)s! 100% za %(link)s")
    put("Zapraszamy", "invitation.subject")
    polish, english = invite(session, "a@example.com", program, locale="pl"), invite(session, "a@x.example", program)
    assert (polish.subject, polish.body) == ("Zapraszamy", "Cześć Ann! 100% za https://x.example/abc")
    assert "Bob invites you" in english.body
    put("")
    assert "Cześć" not in invite(session, "a@example.com", program, locale="pl").body
    changed = (AuditEvent.action == "text.change", AuditEvent.program_id == program.id)
    noted = session.scalars(select(AuditEvent).where(*changed).order_by(AuditEvent.id)).all()
    assert [event.subject for event in noted] == [
        "invitation.body (pl)",
        "invitation.subject (pl)",
        "invitation.body (pl)",
    ]
    assert texts.overrides(session, program.id) == {("invitation.subject", "pl"): "Zapraszamy"}


@pytest.mark.parametrize(
    ("wording", "unknown", "missing"),
    [
        ("Come in", set(), {"link"}),
        ("%(link)s %(password)s", {"password"}, set()),
        ("%(Link)s", {"Link"}, {"link"}),
    ],
)
def test_a_wording_that_cannot_be_used_is_refused(
    session: Session, program: Program, wording: str, unknown: set[str], missing: set[str]
) -> None:
    with pytest.raises(TextInvalid) as refused:
        texts.put_override(session, program.id, "invitation.body", "pl", wording, actor="boss", now=NOW)
    assert (refused.value.unknown, refused.value.missing) == (unknown, missing)


@given(st.text(alphabet=string.printable + "żё%()s", max_size=80), st.text(max_size=20))
def test_whatever_a_sponsor_writes_is_filled_without_an_error(wording: str, value: str) -> None:
    filled = texts.filled(wording + "%(link)s", {"link": value})
    assert filled.endswith(value)
    assert texts.filled(wording.replace("%(", ""), {"link": value}) == wording.replace("%(", "")


def test_a_sentence_that_ends_with_a_name_has_one_full_stop() -> None:
    company = {"sponsor": "Kolor S.A.", "who": "Ann"}
    assert texts.filled("By %(sponsor)s. Role.", company) == "By Kolor S.A. Role."
    assert texts.filled("By %(who)s. %(sponsor)s, %(sponsor)s", company) == "By Ann. Kolor S.A., Kolor S.A."


def test_what_a_part_holds_is_not_read_as_a_wording() -> None:
    assert texts.filled("%(name)s", {"name": "%(link)s", "link": "secret"}) == "%(link)s"


@pytest.mark.parametrize("locale", [*LANGUAGES, None, "", "xx", "../../etc"])
def test_every_language_has_words_and_an_unknown_one_is_english(session: Session, locale: str | None) -> None:
    written = messages.write(session, Kind.SIGN_IN_CODE, "+48600100200", locale=locale, now=NOW, code="1", minutes=5)
    found = session.get_one(Message, written)
    assert found.locale == (locale if locale in LANGUAGES else "en")
    assert found.channel == Channel.SMS
    assert found.subject is None
    assert "1" in found.body


def test_a_message_is_taken_by_one_sender_for_some_minutes(session: Session) -> None:
    written = invite(session, new_login())
    only(session, written)
    taken = take(session)
    assert taken is not None
    assert (taken.id, taken.body) == (written.id, written.body)
    assert take(session) is None
    again = take(session, minutes=5)
    assert again is not None, "whoever took it has died, perhaps; once more is better than never"
    assert again.id == written.id


def test_what_was_written_by_a_clock_that_was_ahead_goes_out_once_that_is_set_right(session: Session) -> None:
    """It waited until the day had come that the clock said."""
    only(session, invite(session, new_login()))
    assert take(session, days=-3) is not None
    assert take(session, days=-3) is None, "whoever has it now has it for some minutes"


def test_what_was_sent_is_not_kept_where_it_opens_something(session: Session, program: Program) -> None:
    written = invite(session, new_login(), program)
    only(session, written)
    taken = take(session)
    assert taken is not None
    messages.sent(session, taken, NOW)
    session.refresh(written)
    assert (written.state, written.body, written.subject, written.sent_at) == (MessageState.SENT, "", None, NOW)


def test_what_opens_nothing_is_kept(session: Session, program: Program) -> None:
    id_ = messages.write(
        session,
        Kind.APPLICATION_RECEIVED,
        new_login(),
        locale="en",
        now=NOW,
        program=program,
        name="A",
        company="B",
    )
    written = session.get_one(Message, id_)
    only(session, written)
    taken = take(session)
    assert taken is not None
    messages.sent(session, taken, NOW)
    session.refresh(written)
    assert "B has reached us" in written.body


def test_what_fails_is_tried_later_and_later_and_then_no_more(session: Session) -> None:
    written = invite(session, new_login())
    only(session, written)
    waits, at = [], NOW
    while (taken := messages.take(session, BOTH, at)) is not None:
        messages.failed(session, taken, "no answer", at)
        session.refresh(written)
        waits.append(round((written.try_at - at).total_seconds() / 60))
        at = written.try_at
    assert waits == [2, 4, 8, 16, 32, 64]
    assert (written.state, written.error, written.failures) == (MessageState.FAILED, "no answer", 6)


def test_what_cannot_ever_be_sent_is_given_up_at_once(session: Session) -> None:
    written = invite(session, new_login())
    only(session, written)
    taken = take(session)
    assert taken is not None
    messages.failed(session, taken, "no such mailbox", NOW, for_good=True)
    session.refresh(written)
    assert written.state == MessageState.FAILED


def test_what_became_of_a_message_while_it_was_on_its_way_stays(session: Session, program: Program) -> None:
    written = invite(session, new_login(), program)
    only(session, written)
    taken = take(session)
    assert taken is not None
    written.to, written.body, written.state = "erased-7@erased.invalid", "", MessageState.FAILED  # its person is erased
    session.flush()
    messages.sent(session, taken, NOW)
    messages.failed(session, taken, "no answer", NOW)
    session.refresh(written)
    assert (written.body, written.state, written.failures) == ("", MessageState.FAILED, 0)


def test_what_nothing_could_send_is_held_and_can_be_sent_later(session: Session, program: Program) -> None:
    written = invite(session, new_login(), program)
    only(session, written)
    assert messages.hold(session, Channel.MAIL) >= 1
    session.refresh(written)
    assert written.state == MessageState.HELD
    assert take(session, hours=1) is None
    assert messages.counts(session, program.id) == {"held": 1}

    def again(program_id: int | None) -> bool:
        return messages.send_again(session, written.id, program_id=program_id, actor="boss", now=NOW)

    assert not again(program.id + 1)
    assert again(program.id)
    assert not again(program.id), "it waits already"
    taken = take(session)
    assert taken is not None
    assert taken.id == written.id


@pytest.mark.parametrize(
    ("kind", "state", "gateways", "readable"),
    [
        (Kind.RESET, MessageState.HELD, (), True),
        (Kind.RESET, MessageState.HELD, BOTH, True),
        (Kind.RESET, MessageState.WAITING, (), True),
        (Kind.RESET, MessageState.WAITING, BOTH, False),
        (Kind.RESET, MessageState.FAILED, BOTH, False),
        (Kind.RESET, MessageState.SENT, BOTH, False),
        (Kind.PASSWORD_CHANGED, MessageState.WAITING, BOTH, True),
        (Kind.PASSWORD_CHANGED, MessageState.SENT, BOTH, True),
    ],
)
def test_who_runs_the_platform_reads_what_opens_something_only_while_nothing_can_send_it(
    kind: Kind, state: MessageState, gateways: tuple[Channel, ...], *, readable: bool
) -> None:
    assert messages.can_be_read(kind, state, Channel.MAIL, gateways) is readable
