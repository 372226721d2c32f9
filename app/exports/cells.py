"""Cells that a spreadsheet program reads as what they are: text never becomes a formula, and comes back unchanged.

CSV has no types, so a text that a spreadsheet program would take for a formula gets an apostrophe in front, and
`unescape` (our own importers use it) takes it away again. A workbook has types: there text is a text cell, and only
what the format cannot hold is changed. Prefixed text is never stored.
"""

import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

MOST_TEXT = 32_767
"""Most characters of a cell in a workbook, counted as UTF-16 does."""

CUT = "… [cut]"
"""Ends a text that was too long for a cell."""

# What a program may skip before it looks at the first character: controls, spaces of any kind, invisible marks.
_SKIPPED = "[\u0001-\u0020\u007f-\u00a0\u00ad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]*"
_FORMULA = _SKIPPED + "[=+\\-@\t\r\n＝＋－＠]"
_NUMBER = "[+-]?[0-9]+([.,][0-9]+)?"

# An apostrophe is doubled where `unescape` would otherwise take it for ours; 't Hooft stays as it is.
_PREFIXED = f"^('?{_FORMULA}|'')"
_PLAIN = f"^'?{_NUMBER}$"
_OURS_HERE = f"^'({_FORMULA}|')"
_OURS = re.compile(_OURS_HERE)
_PREFIXED_HERE, _PLAIN_HERE = re.compile(_PREFIXED), re.compile(f"'?{_NUMBER}")


def escape(text: str) -> str:
    """Make a text safe for CSV: drop NUL, and put an apostrophe before what would start a formula.

    Signed numbers such as ``-5.00`` and ``+34911222333`` start none and stay. `unescape` gives back every text that
    holds no NUL.
    """
    clean = text.replace("\0", "")
    if _PREFIXED_HERE.match(clean) and not _PLAIN_HERE.fullmatch(clean):
        return "'" + clean
    return clean


def unescape(text: str) -> str:
    """Take away the apostrophe that `escape` put there. Any other text stays as it is."""
    return text[1:] if _OURS.match(text) and not _PLAIN_HERE.fullmatch(text) else text


def escape_column(texts: Any) -> Any:
    """Do to a column (an Arrow array of strings) what `escape` does to one text."""
    clean = pc.replace_substring(texts, "\0", "")
    suspect = pc.match_substring_regex(clean, _PREFIXED)
    if not pc.any(suspect).as_py():
        return clean
    risky = pc.and_not(suspect, pc.match_substring_regex(clean, _PLAIN))
    return pc.if_else(risky, pc.binary_replace_slice(clean, start=0, stop=0, replacement="'"), clean)


def unescape_column(texts: Any) -> Any:
    """Do to a column (an Arrow array of strings) what `unescape` does to one text."""
    if not pc.any(pc.starts_with(texts, "'")).as_py():  # nearly always, and quick
        return texts
    ours = pc.and_not(pc.match_substring_regex(texts, _OURS_HERE), pc.match_substring_regex(texts, _PLAIN))
    return pc.if_else(ours, pc.binary_replace_slice(texts, start=0, stop=1, replacement=""), texts)


def fit_column(texts: Any) -> tuple[Any, int]:
    """Make a column (an Arrow array of strings) fit a workbook; give it with the number of texts that were cut.

    Line ends become one LF, as cells have them. NUL is dropped, and what is no character at all is replaced. Other
    control characters stay: the writer encodes them as the format wants, and spreadsheet programs decode them. A text
    beyond `MOST_TEXT` is cut and ends in `CUT`.
    """
    if pc.any(pc.match_substring_regex(texts, "[\\x00\r\ufffe\uffff]")).as_py():
        texts = pc.replace_substring(texts, "\0", "")
        texts = pc.replace_substring_regex(texts, "\r\n?", "\n")
        texts = pc.replace_substring_regex(texts, "[\ufffe\uffff]", "\ufffd")
    longest = pc.max(pc.binary_length(texts)).as_py()
    if longest is None or longest <= MOST_TEXT:
        return texts, 0
    values = texts.to_pylist()
    fitted = [value if value is None else _cut(value) for value in values]
    cut = sum(one != other for one, other in zip(values, fitted, strict=True))
    return pa.array(fitted, pa.large_string()), cut


def _cut(text: str) -> str:
    encoded = text.encode("utf-16-le")
    if len(encoded) <= 2 * MOST_TEXT:
        return text
    return encoded[: 2 * (MOST_TEXT - len(CUT))].decode("utf-16-le", "ignore") + CUT


def text_column(values: Any) -> Any:
    """Make an Arrow array of strings. A lone half of a surrogate pair, which no file can hold, is replaced.

    Raises:
        TypeError: A value is neither text nor missing.
    """
    try:
        made = pa.array(values, from_pandas=True)
    except UnicodeEncodeError:
        made = pa.array([one if one is None else _encodable(one) for one in values])
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise TypeError(f"expected text: {error}") from None
    if pa.types.is_dictionary(made.type):
        made = pc.cast(made, made.type.value_type)
    if not any(check(made.type) for check in (pa.types.is_string, pa.types.is_large_string, pa.types.is_null)):
        raise TypeError(f"expected text, found {made.type}")
    return pc.cast(made, pa.large_string())


def _encodable(text: object) -> object:
    return text.encode("utf-8", "replace").decode() if isinstance(text, str) else text
