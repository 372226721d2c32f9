"""Phone numbers, in the one form in which they are kept and called: +48600100200."""

import phonenumbers


class NoPhoneNumber(ValueError):
    """A text is no phone number that exists."""


def phone_number(text: str, country: str | None = None) -> str:
    """Read a phone number; without its country's code it is one of ``country`` (ISO 3166).

    Raises:
        NoPhoneNumber: It is none, or of no numbering plan.
    """
    try:
        found = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        raise NoPhoneNumber(text) from None
    if not phonenumbers.is_valid_number(found):
        raise NoPhoneNumber(text)
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)


def shown(number: str) -> str:
    """Write a kept number for people: +48 600 100 200."""
    found = phonenumbers.parse(number, None)
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
