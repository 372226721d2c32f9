"""In which encoding a text file is written: by its byte order mark, by what decodes, by what reads as a language.

Most files of one country's systems are in one of two or three encodings that differ in a handful of letters, and a
report may hold no more than ten of these. So what counts is where a letter stands: which letters a language has and how
often, that words do not turn upper case in the middle, that no word has letters of two scripts, that a pound sign
stands before a number. docs/decisions/0020 has the figures.
"""

import codecs
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

LEGACY = (
    *("cp1250", "cp1252", "iso8859-15", "cp1251", "iso8859-2", "cp852", "cp850", "cp866", "koi8-r", "mac_cyrillic"),
    *("iso8859-5", "mac_roman", "mac_latin2"),
)
"""Encodings of one byte a letter, the likeliest first."""
_WITH_FRAMES = ("cp852", "cp850", "cp866", "cp437")
"""Those of them that have signs to draw frames with, as printed reports of their time do."""
_FRAMES = bytes((*range(0xB3, 0xB5), *range(0xB9, 0xBD), *range(0xBF, 0xC6), *range(0xC8, 0xCF), 0xD9, 0xDA))
_FRAMED = re.compile(rb"\xc4{4}|\xcd{4}")

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its mark begins with that one's
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PER_10_000 = {
    "pl": "ł182 ę111 ą99 ó85 ż83 ś66 ć40 ń20 ź6",
    "es": "ó83 í73 á50 é43 ñ31 ú17 ü1",
    "de": "ü99 ä58 ö44 ß31",
    "fr": "é190 à49 è27 ê22 ç9 ô6 û6 ù6 î5 â5 œ2 ë1 ï1",
    "ru": "о1097 е845 а801 и735 н670 т626 с547 р473 в454 л440 к349 м321 д298 п281 у262 я201 ы190 ь174 г170 з165 б159"
    " ч144 й121 х97 ж94 ш73 ю64 ц48 щ36 э32 ф26 ъ4 ё4",
    "en": "é6 ö2 ü2 ñ2 è1 ç1 á1 ï1 ó1 ä1",
    "cs": "í320 á220 ě165 é130 ř120 ý100 ž100 č95 š80 ů70 ú15 ť4 ó3 ď2 ň2",
    "sk": "á200 í110 é90 č100 ž95 š80 ý90 ľ40 ť70 ú90 ô15 ď15 ň15 ä10 ó10 ŕ1 ĺ1",
    "hu": "á350 é300 ó100 ő90 ö80 í60 ü50 ú30 ű20",
    "pt": "ã73 ç53 ê45 é34 ó18 í13 á12 ú7 à7 â6 õ4 ô4",
    "it": "à64 è26 ù17 ì3 ò2 é5",
    "et": "ä105 õ90 ü60 ö16 š2 ž1",
    "uk": "о940 а830 н680 и610 і575 в535 р470 т450 е440 с400 к380 у330 л340 д310 м290 п270 я240 з220 ь180 г160 ч140"
    " б170 х120 ц95 ж75 й130 ю80 ш70 є60 ї65 щ40 ф30 ґ1",
}
_USUAL = {
    **dict.fromkeys(("pl", "cs", "sk", "hu"), ("cp1250", "iso8859-2", "cp852")),
    **dict.fromkeys(("es", "de", "fr", "en", "pt", "it", "et"), ("cp1252", "iso8859-15", "cp850")),
    **dict.fromkeys(("ru", "uk"), ("cp1251", "cp866")),
}
"""Encodings in which systems of a country write. KOI8-R and others are none of them any more, so they must be read
clearly."""
_EXPECTED = ("pl", "es", "de", "fr", "ru", "en")
_VOWELS = frozenset("aeiouyąęóáéíúü")
_SIGNS = frozenset("£€§°²³½¼¾µ×™®©–—…•±№ªº")
_QUOTES = frozenset("„”“‘’‚«»´")
_WORD = re.compile(rb"[^A-Za-z\x80-\xff]?[A-Za-z]*[\x80-\xff][A-Za-z\x80-\xff]*[^A-Za-z\x80-\xff]?")
_SIGN, _FOREIGN, _ODD, _CONTROL = -3.5, -8.0, -9.5, -13.0
"""Beside the letters of a language, as logarithms: a sign in its place, a letter of others, anything else."""
_MOST_WORDS = 5_000
_CLEAR = 4.0
"""So much likelier, as a logarithm, is what is meant than what else could be; below that it is said."""


class Pasted(NamedTuple):
    """Lines of a text that are in UTF-8 where all others are not: how many, and the row of the first."""

    lines: int
    first: int


@dataclass(frozen=True)
class Encoding:
    """An encoding as Python names it, and others in which the file reads nearly as well but otherwise.

    ``pasted`` are lines that are in UTF-8 nonetheless.
    """

    name: str
    others: tuple[str, ...] = ()
    pasted: Pasted | None = None


def encoding_marked(head: bytes) -> str | None:
    """Name the encoding that a file's first bytes give away: a mark, or the zeros of letters two or four bytes wide."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    wide = head[: len(head) // 4 * 4]
    if len(wide) < 8 or b"\0" not in wide:
        return None
    zeros = [wide[place::4].count(0) * 4 / len(wide) for place in range(4)]
    none, all_of_them = 0.02, 0.98
    if zeros[0] > all_of_them and zeros[1] > all_of_them and zeros[3] < none:
        return "utf-32-be"
    if zeros[3] > all_of_them and zeros[2] > all_of_them and zeros[0] < none:
        return "utf-32-le"
    # what parts cells and rows is ASCII in any language: one byte of it is zero, and always the same one
    some = 0.1
    if zeros[0] + zeros[2] > 2 * some and zeros[1] + zeros[3] < none:
        return "utf-16-be"
    if zeros[1] + zeros[3] > 2 * some and zeros[0] + zeros[2] < none:
        return "utf-16-le"
    return None


def read_otherwise(text: str, encoding: str, other: str) -> str:
    """Give a text that was read in one encoding as it reads in another; the same where it is none of the file's."""
    try:
        return text.encode(encoding).decode(other)
    except (UnicodeError, LookupError):
        return text  # somebody else's words; or no encoding, which whoever reads the file says


def guessed(content: bytes, languages: Sequence[str] = (), occurring: bytes = b"") -> Encoding:
    """Tell in which encoding of one byte a letter a text is written, by the words with other letters than ASCII's.

    Args:
        content: the text, or a few megabytes of it.
        languages: what it may be written in, such as "pl"; they count for more than others.
        occurring: every byte that occurs in the text, also beyond what is given of it.
    """
    framed = _FRAMED.search(content) is not None
    words = Counter(_WORD.findall(content.translate(None, _FRAMES) if framed else content)).most_common(_MOST_WORDS)
    scores: dict[str, float] = {}
    clearly: dict[str, float] = {}
    readings: dict[str, tuple[str, ...]] = {}
    for name in _WITH_FRAMES if framed else LEGACY:
        try:
            occurring.decode(name)
            read = [(word.decode(name), 1 + math.log(times)) for word, times in words]
        except UnicodeDecodeError:
            continue
        readings[name] = tuple(text for text, _ in read)
        likely = {
            language: sum(weight * _likeliness(text, language) for text, weight in read) for language in _PER_10_000
        }
        scores[name] = max(one + _before(language, name, languages) for language, one in likely.items())
        clearly[name] = max(likely.values())
    best = max(scores, key=lambda one: scores[one])
    others = [
        one
        for one in scores
        if readings[one] != readings[best]
        # what reads better, and is only seldom used, may be meant
        and (scores[best] - scores[one] < _CLEAR or clearly[one] > clearly[best])
    ]
    distinct = {readings[one]: one for one in reversed(others)}
    return Encoding(best, tuple(one for one in others if one in distinct.values()))


def _before(language: str, encoding: str, languages: Sequence[str]) -> float:
    """Say how likely a language in an encoding is before anything was read."""
    score = 4.0 if language in languages else 0.0 if language in _EXPECTED else -3.0
    return score if encoding in _USUAL[language] else score - 6.0


@cache
def _letters(language: str) -> dict[str, float]:
    times = {one[0]: int(one[1:]) for one in _PER_10_000[language].split()}
    return {letter: math.log(number / sum(times.values())) for letter, number in times.items()}


def _likeliness(word: str, language: str) -> float:
    """Score a word with the character before it and the one behind it: letters by frequency, the rest by its place."""
    letters = _letters(language)
    score = 0.0
    for at, letter in enumerate(word):
        if letter < "\x80":
            continue
        before, behind = word[at - 1 : at], word[at + 1 : at + 2]
        if letter.isalpha() and letter not in "ªºµ":
            score += letters.get(letter.lower(), _FOREIGN) + _in_a_word(letter, before, behind)
        else:
            score += _beside_words(letter, before, behind)
    return score


def _in_a_word(letter: str, before: str, behind: str) -> float:
    score = 0.0
    if letter.isupper() and before.isalpha() and before.islower():
        score -= 5.0
    if letter.isupper() and not before.isalpha() and not behind.isalpha():
        score -= 4.0  # a capital that is a word of its own: a sign, rather
    if before.isdigit() or behind.isdigit():
        score -= 3.0
    if letter.islower() and before.isupper() and behind.isupper():
        score -= 5.0
    if any(one.isalpha() and (one < "\u0370") != (letter < "\u0370") for one in (before, behind)):
        score -= 8.0  # letters of two scripts
    low, next_low = letter.lower(), behind.lower()
    if (low == "ń" and next_low in _VOWELS and behind) or (low == "ñ" and next_low not in _VOWELS):
        score -= 4.0
    if low == "ń" and next_low in ("s", "c"):
        score += 2.0  # half of them stand so, and few letters of other languages
    return score


def _beside_words(sign: str, before: str, behind: str) -> float:
    within = before.isalpha() and behind.isalpha()
    if unicodedata.category(sign) == "Cc":
        return _CONTROL
    if sign == "\xa0" or sign in _QUOTES:
        odd = within and sign in "„«"
    elif sign in "¿¡":
        odd = before.isalpha()
    elif sign in _SIGNS:
        odd = within
    else:
        odd = True
    return _ODD if odd else _SIGN
