"""KSeF, the national system of e-invoices of Poland: what its numbers and its verification links prove without it."""

import base64
import binascii
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Protocol
from urllib.parse import urlsplit

from app.domain.program_file.registration import tax_id_key
from verification.einvoices.invoice import Party, Reason, reason

_NUMBER = re.compile(r"(\d{10})-(\d{8})-([0-9A-F]{12})-([0-9A-F]{2})", re.ASCII)
_NAMED = re.compile(rf"(?<![0-9A-Z]){_NUMBER.pattern}(?![0-9A-Z])", re.IGNORECASE | re.ASCII)
_POLYNOMIAL = 0x07
_LATEST = dt.timedelta(days=14)
"""An invoice that was issued without a connection comes to KSeF within seven working days."""

_HOST = "qr.ksef.mf.gov.pl"
_HOSTS_OF_TESTS = ("qr-test.ksef.mf.gov.pl", "qr-demo.ksef.mf.gov.pl")
_PATH = re.compile(r"/invoice/(\d{10})/(\d\d)-(\d\d)-(\d{4})/([A-Za-z0-9_-]{43})/?", re.ASCII)


@dataclass(frozen=True)
class KsefNumber:
    """A number that KSeF gives an invoice: who sold, when it came there, and the check of the number itself."""

    text: str
    nip: str
    received_on: dt.date
    sound: bool


class Issued(Protocol):
    """What a number or a link is held against: an e-invoice, or what somebody typed of it, then without a hash."""

    @property
    def seller(self) -> Party:
        """Give who sold."""

    @property
    def issued_on(self) -> dt.date:
        """Give its date."""

    @property
    def sha256(self) -> bytes:
        """Give the hash of its file; nothing: no file is here."""


@dataclass(frozen=True)
class KsefLink:
    """What the QR code of an invoice leads to: who sold, when it was issued, the hash of its file."""

    nip: str
    issued_on: dt.date
    sha256: bytes
    of_tests: bool


def checksum(text: str) -> str:
    """Give the CRC-8 of the first 32 characters of a number, dashes and all, as KSeF writes it."""
    crc = 0
    for byte in text.encode("ascii"):
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1) ^ _POLYNOMIAL if crc & 0x80 else crc << 1
        crc &= 0xFF
    return f"{crc:02X}"


def number_of(text: str) -> KsefNumber | None:
    """Read a KSeF number, none where the text is no such number; its check is told apart."""
    written = text.strip().upper()
    parts = _NUMBER.fullmatch(written)
    if parts is None:
        return None
    try:
        received_on = dt.datetime.strptime(parts[2], "%Y%m%d").date()  # noqa: DTZ007  # a date of Poland's calendar
    except ValueError:
        return None
    return KsefNumber(written, parts[1], received_on, sound=checksum(written[:32]) == parts[4])


def number_in(file_name: str) -> str | None:
    """Give the KSeF number that a file is called by, as KSeF names what it hands out."""
    named = _NAMED.search(PurePath(file_name).name)
    return None if named is None else named[0].upper()


def number_findings(text: str, invoice: Issued) -> Iterator[Reason]:
    """Say what a KSeF number and the invoice that is said to have it contradict each other in."""
    number = number_of(text)
    if number is None:
        yield reason("ksef_number_malformed", "review", found=text[:60])
        return
    if not number.sound:
        yield reason("ksef_number_checksum", "review", found=number.text, expected=checksum(number.text[:32]))
    yield from _seller(number.nip, invoice, "ksef_number_of_other_seller")
    if number.received_on < invoice.issued_on:
        found, issued = number.received_on.isoformat(), invoice.issued_on.isoformat()
        yield reason("ksef_number_before_issue", "review", found=found, issued=issued)
    elif number.received_on > invoice.issued_on + _LATEST:
        found, issued = number.received_on.isoformat(), invoice.issued_on.isoformat()
        yield reason("ksef_number_long_after_issue", "note", found=found, issued=issued)


def address(link: str, number: str, invoice: Issued) -> str | None:
    """Give where KSeF tells anybody whether it has an invoice: what its QR code says, or what its file comes to.

    None where neither is here: a file counts where somebody gave the number under which KSeF keeps it.
    """
    if link_of(link) is not None:
        return link.strip()
    made = link_to(invoice) if number and invoice.sha256 else ""
    return made if link_of(made) is not None else None


def link_to(invoice: Issued) -> str:
    """Give the address under which KSeF tells whether it has this very file."""
    digest = base64.urlsafe_b64encode(invoice.sha256).rstrip(b"=").decode()
    return f"https://{_HOST}/invoice/{tax_id_key(invoice.seller.tax_id or '')}/{invoice.issued_on:%d-%m-%Y}/{digest}"


def link_of(text: str) -> KsefLink | None:
    """Read what a QR code says, none where it does not lead to KSeF."""
    try:
        address = urlsplit(text.strip())
    except ValueError:
        return None
    parts = _PATH.fullmatch(address.path)
    hosts = (_HOST, *_HOSTS_OF_TESTS)
    if parts is None or address.scheme != "https" or address.netloc not in hosts or address.query:
        return None
    try:
        issued_on = dt.date(int(parts[4]), int(parts[3]), int(parts[2]))
        sha256 = base64.urlsafe_b64decode(parts[5] + "=")
    except (ValueError, binascii.Error):
        return None
    return KsefLink(parts[1], issued_on, sha256, of_tests=address.netloc != _HOST)


def link_findings(text: str, invoice: Issued) -> Iterator[Reason]:
    """Say what the link of an invoice's QR code and its file contradict each other in; nobody is asked."""
    link = link_of(text)
    if link is None:
        yield reason("ksef_link_malformed", "review", found=text[:200])
        return
    if link.of_tests:
        yield reason("ksef_link_of_tests", "review")
    if invoice.sha256 and link.sha256 != invoice.sha256:
        yield reason("ksef_link_of_other_file", "block")
    yield from _seller(link.nip, invoice, "ksef_link_of_other_seller")
    if link.issued_on != invoice.issued_on:
        found, issued = link.issued_on.isoformat(), invoice.issued_on.isoformat()
        yield reason("ksef_link_of_other_day", "review", found=found, issued=issued)


def _seller(nip: str, invoice: Issued, code: str) -> Iterator[Reason]:
    seller = tax_id_key(invoice.seller.tax_id or "")
    if seller != nip:
        yield reason(code, "review", found=nip, seller=seller or "-")
