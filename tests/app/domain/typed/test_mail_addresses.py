"""Addresses of mail: what is one has one mailbox, and Python's own mails take it."""

from email.message import EmailMessage
from email.utils import getaddresses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.typed.mail_addresses import is_mail_address


@pytest.mark.parametrize(
    "address",
    ["ann@example.com", "jan.kowalski+kontor@firma.co.uk", "o'neil_1@x-y.pl", "root@mailhost", "żółć@spółka.pl"],
)
def test_an_address_is_one(address: str) -> None:
    assert is_mail_address(address)


@pytest.mark.parametrize(
    "address",
    [
        *("", "name", "@example.com", "name@", "a@b@c", "two words@example.com", "a\0@b", "x" * 250 + "@b.pl"),
        *(
            "ann@example.com,bob@example.com",
            "ann@example.com;",
            "a:b@example.com",
            "mailto:a@example.com",
            "Ann <ann@example.com>",
        ),
        *(
            "a(b)@example.com",
            '"a b"@example.com',
            "a@[127.0.0.1]",
            "a@example..com",
            ".a@example.com",
            "a.@example.com",
        ),
        *("a@example.com\nBcc: b@example.com", "a\\@example.com", "a@.example.com", "a@example.com."),
    ],
)
def test_what_is_none_or_would_be_several_is_told(address: str) -> None:
    assert not is_mail_address(address)


@given(
    st.text(st.sampled_from("ab@.,;:<>()[]\\\"' \t=?ąя_-+"), max_size=8),
    st.text(st.sampled_from("ab.@[]=?ż:,-"), max_size=6),
)
def test_an_address_is_one_recipient_of_a_mail(local: str, domain: str) -> None:
    """Python's parser of addresses raises errors of any kind, and reads several where there is a comma."""
    address = f"{local}@{domain}"
    if is_mail_address(address):
        mail = EmailMessage()
        mail["To"] = address
        assert [found for _, found in getaddresses(mail.get_all("To", []))] == [address]
