"""Addresses of mail: one person's, such as programs that send mail take it."""

import re

LONGEST = 254
"""Characters of an address, as the protocol has them."""

_PART = r"[^\s@.,:;<>()\[\]\\\"]+"
_ADDRESS = re.compile(rf"{_PART}(?:\.{_PART})*@{_PART}(?:\.{_PART})*")
"""No quotes, comments and lists, which the protocol knows as well: a comma makes two of one."""


def is_mail_address(text: str) -> bool:
    """Tell whether a text is the address of one mailbox; letters of any alphabet may be in it."""
    return len(text) <= LONGEST and text.isprintable() and _ADDRESS.fullmatch(text) is not None
