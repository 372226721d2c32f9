"""Names of encodings that a text with figures may have."""

import codecs


def text_encoding(value: str) -> str:
    """Make sure that a name is that of an encoding in which a digit is one byte.

    Raises:
        ValueError: It is none.
    """
    try:
        found = codecs.lookup(value)
    except LookupError:
        raise ValueError(f"expected an encoding such as utf-8 or cp1250, found {value!r}") from None
    if not found._is_text_encoding or len("1".encode(found.name)) != 1:
        raise ValueError(f"expected an encoding of one byte a digit, such as utf-8 or cp1250, found {value!r}")
    return value
