"""What sends messages: mail by SMTP, SMS by an HTTP gateway. Each takes one message and sends it, or says why not."""

import json
import mimetypes
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from http.client import HTTPException
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from app.config import Settings
from app.domain.typed.mail_addresses import is_mail_address
from app.services.telling.messages import Channel, Outgoing

TIMEOUT_SECONDS = 15
_HERE = ("localhost", "127.0.0.1", "::1")
_LATER = (408, 425, 429)


class NotSent(Exception):
    """A message could not be sent; ``for_good`` where trying again is of no use."""

    def __init__(self, why: str, *, for_good: bool = False) -> None:
        """Say why."""
        super().__init__(why)
        self.for_good = for_good


class Gateway(Protocol):
    """Sends one kind of message."""

    def send(self, message: Outgoing) -> None:
        """Send a message.

        Raises:
            NotSent: It could not be.
        """


class MailServer:
    """A mail server, spoken to by SMTP: ``smtps://`` is TLS from the start, ``smtp://`` goes over to TLS at once.

    A server on this machine may do without.
    """

    def __init__(self, url: str, sender: str, files: Path | None = None) -> None:
        """Read the address: ``smtp://user:password@host:587``. ``files`` is where attachments lie."""
        self._files = files
        parts = urlsplit(url)
        self._tls = parts.scheme == "smtps"
        self._host = parts.hostname or ""
        self._port = parts.port or (465 if self._tls else 587)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._sender = sender

    def send(self, message: Outgoing) -> None:
        """Send a mail.

        Raises:
            NotSent: The server cannot be reached, or does not take it.
        """
        try:
            mail = self._mail(message)
            with self._connected() as server:
                server.send_message(mail)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as problem:
            code, said = _answer_of(problem)
            raise NotSent(f"{code} {said}".strip(), for_good=500 <= code < 600) from None
        except (smtplib.SMTPException, OSError) as problem:
            raise NotSent(str(problem) or type(problem).__name__) from None
        except ValueError as problem:  # an address or a subject that no mail can have
            raise NotSent(str(problem), for_good=True) from None

    def _mail(self, message: Outgoing) -> EmailMessage:
        if not is_mail_address(message.to):  # taken in when less was asked of one
            raise ValueError(f"{message.to!r} is no address of one mailbox")
        mail = EmailMessage()
        mail["From"] = self._sender
        mail["To"] = message.to
        mail["Subject"] = message.subject or ""
        mail["Date"] = format_datetime(message.created_at)
        # of the message itself: one that is sent twice can be told
        domain = parseaddr(self._sender)[1].rpartition("@")[2]
        mail["Message-ID"] = f"<kontor.{message.id}.{int(message.created_at.timestamp())}@{domain or 'localhost'}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.body)
        if message.attachment is not None and self._files is not None:
            content = (self._files / message.attachment).read_bytes()
            kind, subkind = (mimetypes.guess_type(message.attachment)[0] or "application/octet-stream").split("/")
            mail.add_attachment(content, maintype=kind, subtype=subkind, filename=message.attachment_name)
        return mail

    def _connected(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT_SECONDS, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_SECONDS)
        try:
            server.ehlo()
            if not self._tls and (server.has_extn("starttls") or self._host not in _HERE):
                server.starttls(context=context)
                server.ehlo()
            if self._user:
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server


class SmsGateway:
    """An SMS gateway behind one address: it takes ``{"to", "text", "from", "reference"}`` as JSON, and answers 2xx."""

    def __init__(self, url: str, token: str | None, sender: str | None) -> None:
        """Say where it is, what to show it, and the name that recipients see."""
        self._url, self._token, self._sender = url, token, sender

    def send(self, message: Outgoing) -> None:
        """Send an SMS.

        Raises:
            NotSent: The gateway cannot be reached, or does not take it.
        """
        said: dict[str, Any] = {"to": message.to, "text": message.body, "reference": f"kontor-{message.id}"}
        if self._sender:
            said["from"] = self._sender
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        content = json.dumps(said, ensure_ascii=False).encode()
        request = urllib.request.Request(  # noqa: S310  # the scheme was looked at when the settings were read
            self._url, content, headers, method="POST"
        )
        try:
            with _opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                answer.read(1024)
        except urllib.error.HTTPError as problem:
            status = problem.code
            problem.close()
            raise NotSent(f"the gateway answered {status}", for_good=_is_for_good(status)) from None
        except (OSError, HTTPException) as problem:
            raise NotSent(str(getattr(problem, "reason", "") or problem)) from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follow nobody elsewhere: the token would go along."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Leave it as an answer that is no success."""


_opener = urllib.request.build_opener(_NoRedirect)


def gateways_of(chosen: Settings) -> Mapping[Channel, Gateway]:
    """Give what is set up to send messages, by channel; what is not there is not set up."""
    found: dict[Channel, Gateway] = {}
    if chosen.smtp_url is not None and chosen.mail_from is not None:
        found[Channel.MAIL] = MailServer(chosen.smtp_url, chosen.mail_from, chosen.files)
    if chosen.sms_url is not None:
        found[Channel.SMS] = SmsGateway(chosen.sms_url, chosen.sms_token, chosen.sms_from)
    return found


def _is_for_good(status: int) -> bool:
    return 400 <= status < 500 and status not in _LATER


def _answer_of(problem: smtplib.SMTPException) -> tuple[int, str]:
    """Read what a server answered."""
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        return _read(*next(iter(problem.recipients.values()), (0, b"")))
    if isinstance(problem, smtplib.SMTPResponseException):
        return _read(problem.smtp_code, problem.smtp_error)
    return 0, str(problem)


def _read(code: int, said: bytes | str) -> tuple[int, str]:
    return code, said.decode(errors="replace") if isinstance(said, bytes) else said
