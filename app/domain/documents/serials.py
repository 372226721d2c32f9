"""Serial numbers of units: how they are written, and how they are compared."""

import unicodedata

LONGEST = 64
"""Characters of one."""


def serial_key(text: str) -> str:
    """Give a serial number as it is compared: letters and digits alone, whatever stands between them."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).upper() if letter.isalnum())


def serials_in(text: str) -> tuple[str, ...]:
    """Part what somebody typed: commas, semicolons and new lines stand between serial numbers, spaces within one."""
    for between in (";", "\n", "\t"):
        text = text.replace(between, ",")
    return tuple(one.strip() for one in text.split(",") if serial_key(one))
