"""E-invoices in signed envelopes (.p7m): read however they are written, and nothing that is made to harm reads long."""

import base64
import contextlib
import datetime as dt
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from hypothesis import given
from hypothesis import strategies as st

from tests.support.e_invoices import fa, fattura
from verification.einvoices.invoice import BadEInvoice
from verification.einvoices.reading import read
from verification.einvoices.signed import content_of, is_signed


def signed(content: bytes, *options: pkcs7.PKCS7Options) -> bytes:
    """Sign as a real library does."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Mario Rossi")])
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + dt.timedelta(days=1))
    certificate = made.sign(key, hashes.SHA256())
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(certificate, key, hashes.SHA256())
    return builder.sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary, *options])


def element(tag: int, content: bytes) -> bytes:
    """Write an element whose length an end mark tells, as some senders do."""
    return bytes([tag, 0x80]) + content + b"\0\0"


def in_pieces(content: bytes) -> bytes:
    """Write an envelope as BER allows: end marks everywhere, and the content in pieces of a hundred bytes."""
    octets = b"".join(
        bytes([0x04, len(piece)]) + piece for piece in (content[at : at + 100] for at in range(0, len(content), 100))
    )
    data, of_signed = bytes.fromhex("06092a864886f70d010701"), bytes.fromhex("06092a864886f70d010702")
    inner = element(0x30, data + element(0xA0, element(0x24, octets)))
    return element(0x30, of_signed + element(0xA0, element(0x30, b"\x02\x01\x01" + b"\x31\x00" + inner)))


XML = fattura()
ENVELOPE = signed(XML)


@pytest.mark.parametrize(
    "written",
    [
        ENVELOPE,
        in_pieces(XML),
        base64.b64encode(ENVELOPE),
        base64.encodebytes(ENVELOPE),
        b"-----BEGIN PKCS7-----\n" + base64.encodebytes(ENVELOPE) + b"-----END PKCS7-----\n",
    ],
    ids=["as a library signs", "in pieces", "base64", "base64 in lines", "between lines that say so"],
)
def test_what_is_signed_is_read_and_its_signature_is_said_not_to_be_verified(written: bytes) -> None:
    assert is_signed(written)
    said, plain = read(written, "IT01234567890_FPA01.xml.p7m"), read(XML, "IT01234567890_FPA01.xml")
    assert said.problems[-1]["code"] == "signature_not_verified"
    assert (said.number, said.lines, said.totals, said.sha256) == (
        plain.number,
        plain.lines,
        plain.totals,
        plain.sha256,
    )


def test_a_signature_alone_or_a_broken_envelope_is_refused_with_why() -> None:
    detached = signed(XML, pkcs7.PKCS7Options.DetachedSignature)
    with pytest.raises(BadEInvoice, match="holds a signature alone"):
        read(detached, "i.xml.p7m")
    for broken in (ENVELOPE[:200], in_pieces(XML)[:-40], ENVELOPE[:40] + b"\xff" * 40 + ENVELOPE[80:]):
        with pytest.raises(BadEInvoice, match="is broken"):
            read(broken, "i.xml.p7m")


@pytest.mark.parametrize("plain", [XML, fa(), b"%PDF-1.7", b"", b"MIIB"])
def test_nothing_else_is_taken_for_one(plain: bytes) -> None:
    assert not is_signed(plain)


def test_elements_within_elements_end_the_reading() -> None:
    began = time.monotonic()
    head = bytes.fromhex("308006092a864886f70d010702")
    for hostile in (head + b"\xa0\x80" * 100_000, head + b"\xa0\x80\x30\x80" + b"\x05\x00" * 500_000):
        with pytest.raises(BadEInvoice):
            read(hostile, "i.p7m")
    assert time.monotonic() - began < 2


@given(st.integers(0, len(ENVELOPE) - 1), st.binary(min_size=1, max_size=8))
def test_whatever_is_changed_is_read_or_refused(at: int, instead: bytes) -> None:
    changed = ENVELOPE[:at] + instead + ENVELOPE[at + len(instead) :]
    if is_signed(changed):
        with contextlib.suppress(BadEInvoice):
            content_of(changed)
