"""What a name that nobody knows may mean: proposals with a score of 100, and what is alike."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rapidfuzz import fuzz, process

from app.domain.typed.codes import code_key, ean_key

LEAST = 55
"""Names that are less alike are not proposed."""

_MOST_ALIKE = 89
"""Of names that are only alike; those above are alike in a way that can be told."""
_OTHER_NUMBERS = 70
"""At most, where one name holds other numbers than the other: a drill of 12 V is no drill of 18 V."""
_MOST_COMPARED = 3_000
"""Names that share a beginning of a word with a wanted one, and are compared with it letter by letter."""
_WORDS = re.compile(r"[^\W\d_]+|\d+")
_DIGITS = re.compile(r"\d{8,14}")
_NO_SIGN = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Known:
    """Something that is known: its id, code and name, and where it has one its EAN."""

    id: int
    code: str
    name: str
    ean: str | None = None


@dataclass(frozen=True)
class Wanted:
    """A name that nobody knows, and what the file calls the thing beside it."""

    written: str
    called: str | None = None


@dataclass(frozen=True)
class Likeness:
    """What it may be: the id, how likely of 100, and what is alike: code, ean, plain code, elsewhere, name."""

    id: int
    score: int
    why: str


class Catalogue:
    """What is known, laid out so that a thousand names are compared with 20,000 in a second or two."""

    def __init__(self, known: Sequence[Known], elsewhere: Mapping[str, int]) -> None:
        """Take what is known, and what other sources call it: ids by the name as it compares."""
        self._known = known
        self._elsewhere = elsewhere
        self._codes = {code_key(one.code): one.id for one in known}
        self._plain = _unique((plain_code(one.code), one.id) for one in known)
        eans = ((ean_key(one.ean), one.id) for one in known if one.ean)
        self._eans = _unique((key, id_) for key, id_ in eans if key)
        self._texts = [_sorted_words(one.name) for one in known]
        self._names = _unique(zip(self._texts, (one.id for one in known), strict=True))
        self._numbers = [_numbers(text) for text in self._texts]
        self._by_beginning: dict[str, list[int]] = defaultdict(list)
        for at, text in enumerate(self._texts):
            for beginning in {word[:3] for word in text.split()}:
                self._by_beginning[beginning].append(at)

    def proposals(self, wanted: Wanted, most: int = 5) -> list[Likeness]:
        """Give what a name may mean, the likeliest first; each thing once."""
        found = sorted(
            [*self._alike_in_code(wanted), *self._alike_in_name(wanted, most)], key=lambda one: (-one.score, one.id)
        )
        best: dict[int, Likeness] = {}
        for one in found:
            best.setdefault(one.id, one)
        return list(best.values())[:most]

    def _alike_in_code(self, wanted: Wanted) -> Iterable[Likeness]:
        key, ean = code_key(wanted.written), ean_key(wanted.written)
        if key in self._codes:
            yield Likeness(self._codes[key], 100, "code")
        if ean is not None and ean in self._eans:
            yield Likeness(self._eans[ean], 100, "ean")
        for digits in _DIGITS.findall(f"{wanted.written} {wanted.called or ''}"):
            inner = ean_key(digits)
            if inner is not None and inner in self._eans:
                yield Likeness(self._eans[inner], 97, "ean")
        plain = plain_code(wanted.written)
        if plain and plain in self._plain:
            yield Likeness(self._plain[plain], 95, "plain code")
        if key in self._elsewhere:
            yield Likeness(self._elsewhere[key], 92, "elsewhere")

    def _alike_in_name(self, wanted: Wanted, most: int) -> Iterable[Likeness]:
        for name in filter(None, (wanted.called, wanted.written)):
            text = _sorted_words(name)
            if text and text in self._names:
                yield Likeness(self._names[text], 94, "name")
            near = self._near(text)
            if not near:
                continue
            scores: Any = process.cdist(
                [text], [self._texts[at] for at in near], scorer=fuzz.ratio, score_cutoff=LEAST, dtype=np.uint8
            )[0]
            numbers = _numbers(text)
            for place in np.argsort(-scores.astype(np.int64), kind="stable")[: most * 4].tolist():
                score = int(scores[place])
                if numbers != self._numbers[near[place]]:
                    score = min(score, _OTHER_NUMBERS)
                if score >= LEAST:
                    yield Likeness(self._known[near[place]].id, min(score, _MOST_ALIKE), "name")

    def _near(self, text: str) -> list[int]:
        """Give the places of names that share a beginning of a word, those with the rarest one first."""
        lists = sorted((self._by_beginning.get(one, []) for one in {word[:3] for word in text.split()}), key=len)
        found: dict[int, None] = {}
        for places in lists:
            if len(found) + len(places) > _MOST_COMPARED and found:
                break
            found.update(dict.fromkeys(places[:_MOST_COMPARED]))
        return list(found)


def plain_code(code: str) -> str:
    """Give a code without spaces, dashes and leading zeros: what a spreadsheet or a clerk changes of it."""
    return _NO_SIGN.sub("", code_key(code)).lstrip("0")


def _sorted_words(name: str) -> str:
    """Give the words and numbers of a name without accents and case, sorted: whoever writes it orders them anew."""
    plain = unicodedata.normalize("NFKD", name.casefold().replace("ł", "l"))
    letters = "".join(one for one in plain if not unicodedata.combining(one))
    return " ".join(sorted(_WORDS.findall(letters)))


def _numbers(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.split() if word.isdigit())


def _unique(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Index by key what bears a key alone: what two things share tells neither."""
    found: dict[str, int] = {}
    twice: set[str] = set()
    for key, id_ in pairs:
        if found.setdefault(key, id_) != id_:
            twice.add(key)
    return {key: id_ for key, id_ in found.items() if key and key not in twice}
