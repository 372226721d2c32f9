"""Sending: real sockets to a mail server and an SMS gateway of our own, which take, refuse, or do not answer."""

import datetime as dt
import json
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message as Mail
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from app.config import Settings, SettingsInvalid, settings
from app.db.transaction import Sessions, transaction
from app.domain.states import MessageState
from app.models.messages import Message
from app.outbox import sending
from app.outbox.gateways import MailServer, NotSent, SmsGateway, gateways_of
from app.services.telling import messages
from app.services.telling.messages import Channel, Kind, Outgoing
from tests.conftest import Clock


class MailBox(socketserver.ThreadingTCPServer):
    """A mail server: takes mails, or answers RCPT with what it was told to."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Smtp)
        self.mails: list[Mail] = []
        self.refusing: str | None = None
        self.users: list[str] = []

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"


class _Smtp(socketserver.StreamRequestHandler):
    server: MailBox

    def handle(self) -> None:
        self._say("220 box")
        while line := self.rfile.readline().decode().strip():
            verb = line[:4].upper()
            if verb == "EHLO":
                self._say("250-box")
                self._say("250 AUTH PLAIN")
            elif verb == "AUTH":
                self.server.users.append(line)
                self._say("235 in")
            elif verb == "RCPT" and self.server.refusing:
                self._say(self.server.refusing)
            elif verb == "DATA":
                self._take()
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 yes")

    def _take(self) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        self.server.mails.append(message_from_bytes(b"".join(lines), policy=default))
        self._say("250 taken")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class SmsBox(HTTPServer):
    """An SMS gateway: takes messages, or answers with the status it was told to."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Http)
        self.taken: list[tuple[dict[str, Any], str | None]] = []
        self.status = 202
        self.elsewhere: str | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/send"


class _Http(BaseHTTPRequestHandler):
    server: SmsBox

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.taken.append((said, self.headers.get("Authorization")))
        self.send_response(self.server.status)
        if self.server.elsewhere:
            self.send_header("Location", self.server.elsewhere)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _served(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def mail_box() -> Iterator[MailBox]:
    box = MailBox()
    with _served(box):
        yield box


@pytest.fixture
def sms_box() -> Iterator[SmsBox]:
    box = SmsBox()
    with _served(box):
        yield box


def outgoing(**changes: Any) -> Outgoing:
    given: dict[str, Any] = {
        "id": 7,
        "created_at": dt.datetime(2026, 11, 21, 10, tzinfo=dt.UTC),
        "channel": Channel.MAIL,
        "kind": "reset",
        "to": "ann@example.com",
        "subject": "Zażółć gęślą jaźń",
        "body": "Dzień dobry,\n\n.kropka\nhttps://kontor.example/reset/abc\n",
        "failures": 0,
    }
    return Outgoing(**{**given, **changes})


def test_a_mail_brings_the_file_that_goes_with_it_and_waits_where_it_is_not_there(
    mail_box: MailBox, tmp_path: Path
) -> None:
    (tmp_path / "exports").mkdir()
    server = MailServer(mail_box.url, "kontor@kontor.example", tmp_path)
    message = outgoing(attachment="exports/7.csv", attachment_name="ledger-march.csv")
    with pytest.raises(NotSent, match="No such file"):
        server.send(message)
    (tmp_path / "exports/7.csv").write_bytes(b"a,b\r\n1,2\r\n")
    server.send(message)
    [mail] = mail_box.mails
    [attached] = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content_type()) == ("ledger-march.csv", "text/csv")
    assert attached.get_payload(decode=True) == b"a,b\r\n1,2\r\n"
    assert "Dzień dobry" in mail.get_body().get_content()


def test_a_mail_arrives_as_it_was_written(mail_box: MailBox) -> None:
    MailServer(mail_box.url, "Kontor <kontor@kontor.example>").send(outgoing())
    (mail,) = mail_box.mails
    assert (mail["From"], mail["To"]) == ("Kontor <kontor@kontor.example>", "ann@example.com")
    assert mail["Subject"] == "Zażółć gęślą jaźń"
    assert mail["Date"] == "Sat, 21 Nov 2026 10:00:00 +0000"
    assert mail["Message-ID"] == "<kontor.7.1795255200@kontor.example>", "one that comes twice can be told"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content().replace("\r\n", "\n") == outgoing().body  # type: ignore[attr-defined]


def test_a_name_and_a_password_of_the_address_are_shown(mail_box: MailBox) -> None:
    url = mail_box.url.replace("smtp://", "smtp://user%40x:pa%2Fss@")
    MailServer(url, "kontor@kontor.example").send(outgoing())
    assert len(mail_box.users) == 1


@pytest.mark.parametrize(("answer", "for_good"), [("550 no such box", True), ("451 later", False)])
def test_a_recipient_that_is_refused(mail_box: MailBox, answer: str, *, for_good: bool) -> None:
    mail_box.refusing = answer
    with pytest.raises(NotSent, match=answer) as refused:
        MailServer(mail_box.url, "kontor@kontor.example").send(outgoing())
    assert refused.value.for_good is for_good


@pytest.mark.parametrize("changes", [{"to": "a@b\r\nBcc: all@example.com"}, {"subject": "x\nBcc: all@example.com"}])
def test_nothing_that_somebody_is_called_becomes_a_header(mail_box: MailBox, changes: dict[str, str]) -> None:
    with pytest.raises(NotSent) as refused:
        MailServer(mail_box.url, "kontor@kontor.example").send(outgoing(**changes))
    assert refused.value.for_good
    assert mail_box.mails == []


def test_a_server_that_is_not_there_is_tried_later() -> None:
    with pytest.raises(NotSent) as refused:
        MailServer("smtp://127.0.0.1:9", "kontor@kontor.example").send(outgoing())
    assert not refused.value.for_good


def test_an_sms_arrives_with_the_token(sms_box: SmsBox) -> None:
    message = outgoing(channel=Channel.SMS, to="+48600100200", subject=None, body="123456 – kod")
    SmsGateway(sms_box.url, "t0ken", "Kontor").send(message)
    assert sms_box.taken == [
        (
            {"to": "+48600100200", "text": "123456 – kod", "reference": "kontor-7", "from": "Kontor"},
            "Bearer t0ken",
        )
    ]


@pytest.mark.parametrize(
    ("status", "for_good"), [(400, True), (401, True), (408, False), (429, False), (500, False), (503, False)]
)
def test_a_gateway_that_does_not_take_an_sms(sms_box: SmsBox, status: int, *, for_good: bool) -> None:
    sms_box.status = status
    with pytest.raises(NotSent, match=str(status)) as refused:
        SmsGateway(sms_box.url, None, None).send(outgoing())
    assert refused.value.for_good is for_good


def test_a_gateway_leads_nobody_elsewhere(sms_box: SmsBox) -> None:
    sms_box.status, sms_box.elsewhere = 302, sms_box.url + "/elsewhere"
    with pytest.raises(NotSent):
        SmsGateway(sms_box.url, "t0ken", None).send(outgoing())
    assert len(sms_box.taken) == 1


def test_a_gateway_that_is_not_there_is_tried_later() -> None:
    with pytest.raises(NotSent) as refused:
        SmsGateway("http://127.0.0.1:9/", None, None).send(outgoing())
    assert not refused.value.for_good


@pytest.fixture
def write(registry: Sessions, clock: Clock) -> Callable[..., int]:
    """Writes a message; no other waits."""
    with transaction(registry) as session:
        session.execute(update(Message).where(Message.state == MessageState.WAITING).values(state=MessageState.HELD))

    def written(to: str, kind: Kind = Kind.RESET) -> int:
        parts = {"name": "Ann", "minutes": 5, "link": "https://x.example/1", "code": "123456"}
        with transaction(registry) as session:
            return messages.write(session, kind, to, locale="en", now=clock(), **parts)

    return written


def state_of(registry: Sessions, message_id: int) -> tuple[str, str | None]:
    with transaction(registry) as session:
        found = session.get_one(Message, message_id)
        return found.state, found.error


def test_a_round_sends_what_is_due_and_holds_what_nothing_can_send(
    registry: Sessions, clock: Clock, write: Callable[..., int], mail_box: MailBox
) -> None:
    ids = [write("a@example.com"), write("b@example.com"), write("+48600100200", Kind.SIGN_IN_CODE)]
    gateways = {Channel.MAIL: MailServer(mail_box.url, "kontor@kontor.example")}
    done = sending.send_due(registry, gateways, clock)
    assert (done.sent, done.failed, done.held) == (2, 0, 1)
    assert [mail["To"] for mail in mail_box.mails] == ["a@example.com", "b@example.com"]
    assert [state_of(registry, one)[0] for one in ids] == ["sent", "sent", "held"]
    again = sending.send_due(registry, gateways, clock)
    assert (again.sent, again.failed, again.held) == (0, 0, 0)


def test_what_fails_is_tried_again_when_its_time_has_come(
    registry: Sessions, clock: Clock, write: Callable[..., int], mail_box: MailBox
) -> None:
    id_ = write("a@example.com")
    mail_box.refusing = "451 busy"
    gateways = {Channel.MAIL: MailServer(mail_box.url, "kontor@kontor.example")}
    assert sending.send_due(registry, gateways, clock).failed == 1
    assert state_of(registry, id_) == ("waiting", "451 busy")
    mail_box.refusing = None
    assert sending.send_due(registry, gateways, clock).sent == 0, "not yet"
    clock.forward(minutes=2)
    assert sending.send_due(registry, gateways, clock).sent == 1
    assert state_of(registry, id_) == ("sent", None)


def test_one_that_cannot_be_sent_keeps_no_other_from_its_turn(
    registry: Sessions, clock: Clock, write: Callable[..., int], mail_box: MailBox
) -> None:
    bad = write("a@b\r\nBcc: x@example.com")
    good = write("b@example.com")
    done = sending.send_due(registry, {Channel.MAIL: MailServer(mail_box.url, "kontor@kontor.example")}, clock)
    assert (done.sent, done.failed) == (1, 1)
    assert state_of(registry, bad)[0] == "failed"
    assert state_of(registry, good)[0] == "sent"


def test_an_address_that_python_cannot_read_or_that_is_several_is_given_up(
    registry: Sessions, clock: Clock, write: Callable[..., int], mail_box: MailBox
) -> None:
    bad = [write("a(b@example.com:"), write("a@example.com,b@example.com")]
    good = write("b@example.com")
    done = sending.send_due(registry, {Channel.MAIL: MailServer(mail_box.url, "kontor@kontor.example")}, clock)
    assert (done.sent, done.failed) == (1, 2)
    assert [state_of(registry, one)[0] for one in bad] == ["failed", "failed"]
    assert state_of(registry, good)[0] == "sent"
    assert [mail["To"] for mail in mail_box.mails] == ["b@example.com"]


def test_whatever_a_gateway_raises_the_others_have_their_turn(
    registry: Sessions, clock: Clock, write: Callable[..., int], caplog: pytest.LogCaptureFixture
) -> None:
    """The round would end there, again each time, and with it all that the sweeper does after it."""
    ids = [write("a@example.com"), write("b@example.com")]

    class Faulty:
        def send(self, message: Outgoing) -> None:
            if message.id == ids[0]:
                raise LookupError("string index out of range")

    done = sending.send_due(registry, {Channel.MAIL: Faulty()}, clock)
    assert (done.sent, done.failed) == (1, 1)
    assert state_of(registry, ids[0]) == ("waiting", "LookupError: string index out of range")
    assert "Traceback" in caplog.text


def test_a_gateway_that_does_not_answer_keeps_nobody_from_other_things(
    registry: Sessions, clock: Clock, write: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever calls a round sweeps as well: forgotten work would wait for as long as all messages take."""
    ids = [write("a@example.com"), write("b@example.com")]

    class Silent:
        def send(self, message: Outgoing) -> None:
            time.sleep(0.2)
            raise NotSent("timed out")

    monkeypatch.setattr(sending, "MOST_SECONDS", 0.1)
    gateways = {Channel.MAIL: Silent()}
    assert sending.send_due(registry, gateways, clock).failed == 1
    assert [state_of(registry, one) for one in ids] == [("waiting", "timed out"), ("waiting", None)]
    assert sending.send_due(registry, gateways, clock).failed == 1, "the other one has its turn in the next round"
    assert state_of(registry, ids[1]) == ("waiting", "timed out")


def test_where_nothing_is_set_up_everything_is_held(
    registry: Sessions, clock: Clock, write: Callable[..., int]
) -> None:
    id_ = write("a@example.com")
    assert sending.send_due(registry, gateways_of(Settings()), clock).held == 1
    assert state_of(registry, id_)[0] == "held"


def test_settings_say_what_is_set_up() -> None:
    assert gateways_of(Settings()) == {}
    given = {
        "mail_from": "Kontor <k@x.example>",
        "smtp_url": "smtps://mail.x.example",
        "sms_url": "https://sms.example",
    }
    assert set(gateways_of(Settings(**given))) == {Channel.MAIL, Channel.SMS}


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("KONTOR_SMTP_URL", "mail.example"),
        ("KONTOR_SMTP_URL", "smtp://mail.example"),  # no sender
        ("KONTOR_MAIL_FROM", "Kontor"),
        ("KONTOR_SMS_URL", "http://sms.example/send"),
        ("KONTOR_SMS_URL", "ftp://sms.example"),
        ("KONTOR_PUBLIC_URL", "kontor.example"),
        ("KONTOR_PUBLIC_URL", "https://kontor.example/below"),
        ("KONTOR_PROXIES", "-1"),
    ],
)
def test_settings_that_cannot_be_meant_are_said(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    settings.cache_clear()
    with pytest.raises(SettingsInvalid, match=f"^{variable}: "):
        settings()
    settings.cache_clear()


def test_links_begin_with_the_public_address_or_the_server_s() -> None:
    assert Settings(public_url="https://kontor.example/").address == "https://kontor.example"
    assert Settings(web_host="127.0.0.1", web_port=8123).address == "http://127.0.0.1:8123"
    assert Settings(web_host="::1", web_port=8123).address == "http://[::1]:8123"
