"""Tax ids for VAT: whether one can be, by the length, the form and the check digits that its country gives it.

Whether the company exists is another question, which only the office of its country answers.
"""

import re
from typing import Any, Literal, TypeAlias

from stdnum.exceptions import InvalidChecksum, InvalidLength, ValidationError
from stdnum.util import get_cc_module

Fault: TypeAlias = Literal["length", "form", "check_digits"]

_COUNTRY = re.compile("[A-Z]{2}")
_NO_PART = re.compile(r"[\W_]+")
_GREECE, _NORTHERN_IRELAND = "EL", "XI"
_UNDER_ANOTHER_NAME = {_GREECE: "GR", _NORTHERN_IRELAND: "GB"}


def country_of(tax_id: str, country: str | None = None) -> str | None:
    """Give the country of a tax id: what stands before its figures, else the country of whoever bears it."""
    begins = _NO_PART.sub("", tax_id).upper()[:2]
    if _rules(begins) is not None:
        return begins
    return country.upper() if country else None


def fault_of(tax_id: str, country: str | None = None) -> Fault | None:
    """Say what is wrong with a tax id; None where nothing is, or where its country's rules are not known.

    ``country`` is that of whoever bears it: two letters.
    """
    whose = country_of(tax_id, country)
    rules = None if whose is None else _rules(whose)
    if rules is None:
        return None
    plain = _NO_PART.sub("", tax_id).upper()
    figures = plain[2:] if whose in _UNDER_ANOTHER_NAME and plain.startswith(whose or "") else plain
    try:
        valid = rules.validate(figures)
    except InvalidLength:
        return "length"
    except InvalidChecksum:
        return "check_digits"
    except ValidationError:
        return "form"
    # eleven and seven divide a number of equal figures: it passes, and was never given to anybody
    return "check_digits" if len(set(valid)) == 1 else None


def _rules(country: str) -> Any:
    """Give the module that knows a country's tax ids; it is looked up by name, so nothing but a name goes in."""
    if _COUNTRY.fullmatch(country) is None:
        return None
    return get_cc_module(_UNDER_ANOTHER_NAME.get(country, country).lower(), "vat")
