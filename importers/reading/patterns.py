"""Whether a file or a sheet has the name that a profile is for."""

import unicodedata
from fnmatch import fnmatchcase


def fits(name: str, pattern: str) -> bool:
    """Tell whether a name fits a pattern, in which * stands for anything.

    Case tells nothing, as in workbooks and on most systems that files come from; and some systems take letters and
    their accents apart.
    """
    return fnmatchcase(_plain(name), _plain(pattern))


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
