"""Which column holds which field, by what it is called and what stands in it: guesses, each with why."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz import fuzz

from app.domain.typed.codes import is_ean
from app.domain.typed.fields import FIGURES, KINDS
from importers.layout.columns.months_seen import not_sold, of_another_time
from importers.layout.rows.corrected import of_a_correction
from importers.layout.rows.headed import says_returns, words_over
from importers.layout.tables.header import JOINT
from importers.layout.words.around import DRAWN, TOTAL
from importers.layout.words.known import says_yes_or_no
from importers.layout.words.synonyms import is_tax, names_of, of_others, spoken
from importers.layout.written.amounts_named import currency_named
from importers.layout.written.dates import read_moment
from importers.layout.written.magnitudes import without_magnitudes
from importers.layout.written.numbers import PIECES, currencies_of, tidy
from importers.layout.written.settling import DATES, HAPPENED, NUMBERS

SAMPLE = 2_000
"""Distinct texts of a column that are looked at."""

_STAND_INS = {"distributor": "distributor_name", "product": "product_name"}
"""A name serves where a source has no code."""
_OF_CUSTOMERS = {"product": "distributor", "product_name": "distributor_name"}
"""What a code, or a name, is of where a customer stands over it: ``Nabywca / Kod``."""
_LEAST, _NEAR, _SURE = 80, 10, 100
_SAID_OF_OTHERS = 95
_WITH_TAX = frozenset(
    {"brutto", "gross", "bruto", "ttc", "incl", "including", "inkl", "con", "с", "vč", "lordo", "ivato"}
)
_WITHOUT_TAX = frozenset({"netto", "net", "neto", "ht", "excl", "excluding", "exkl", "sin", "bez", "без", "senza"})
_ABBREVIATED = frozenset({"ep", "gp", "vk", "ek"})
"""Letters that German lists put for a price or an amount: a name that has them is meant as it stands, or not at all."""
PROVED = 110
"""How sure a field is that figures prove."""
_SHORTENED = 90
_WORD = re.compile(r"[^\W_]+\.?")
_LEAST_ALONE = 3
"""Letters of a word that is shortened and stands alone."""
_DIGITS_OF_EAN = (8, 12, 13)
"""Of those of 14 digits boxes bear the number, and times are written so as well."""
_NUMBER = r"^-?(?:\d[\d ']*(?:[.,]\d+)?|\d{1,3}(?:[.,]\d{3})+(?:[.,]\d+)?|\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d*)?)$"
_CENTS = re.compile(r"(?<![\d.,])\d[\d ']*[.,]\d{2}(?![\d.,])")
"""What is an amount, whatever stands around it."""
_OF_A_MONTH = re.compile(r"\d{1,2}")
_LEAST_TOKEN = 4
_ADDED_UP = re.compile(
    r"(?:suma z|suma elementów|sum of|summe von|suma de|somme de|сумма по (?:полю|столбцу))\s(.+)", re.IGNORECASE
)
"""What pivot tables put before the name of a column that they add up: ``Suma z Ilość``."""


_AFTER_DISCOUNT = re.compile(
    r"(.+) (?:po rabacie|po upuście|after discount|nach rabatt|con (?:descuento|dto)|со скидкой|с уч[её]том скидки"
    r"|après remise)"
)
_THIS_YEAR = re.compile(r"(.+) (?:ty|cy|(?:this|current) year)")
_OF_A_LINE = re.compile(
    r"(?:(?:invoice|order|sales|bill) lines?|line ?items?|order items?|pozycj[ae] (?:faktury|dokumentu|zamówienia)"
    r"|líneas? de (?:la )?(?:factura|pedido)|rechnungs(?:zeilen?|positionen)|lignes? de facture"
    r"|строк[аи] (?:счета|счёта|документа|заказа)) (.+)"
)
_TOLD_OF = (_ADDED_UP, _AFTER_DISCOUNT, _THIS_YEAR, _OF_A_LINE)
"""Words around what a column is called that do not change what it is."""


class Because(StrEnum):
    """Why a column may hold a field: what it is called, or what stands in it."""

    NAMED = "named"
    NEARLY = "nearly"
    EANS = "eans"
    DATES = "dates"
    PROVED = "proved"
    TAXED = "taxed"


@dataclass(frozen=True)
class Candidate:
    """A field that a column may hold: how sure (to 100, more where figures prove it), and why.

    ``name`` is what the column is called; ``called`` the known name that it nearly is.
    """

    field: str
    score: int
    because: Because
    name: str = ""
    called: str = ""

    @property
    def why(self) -> str:
        """Say why."""
        return {
            Because.NAMED: f"named {self.name!r}",
            Because.NEARLY: f"named {self.name!r}, nearly {self.called!r}",
            Because.EANS: "holds EAN codes",
            Because.DATES: "holds dates",
            Because.PROVED: f"named {self.name!r}; is quantity x unit price",
            Because.TAXED: f"named {self.name!r}; the tax beside it tells",
        }[self.because]


@dataclass(frozen=True)
class Facts:
    """What the texts of a column are: shares in basis points."""

    filled_bp: int
    dates_bp: int
    numbers_bp: int
    eans_bp: int
    flags_bp: int
    samples: tuple[str, ...]


@dataclass
class Guesses:
    """What was guessed: a column for each field; fields of which several columns may be the one; nobody's columns.

    ``stand_ins`` are the fields for whose codes a name serves.
    """

    columns: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    stand_ins: set[str] = field(default_factory=set)


def facts_of(texts: pa.ChunkedArray, samples: int = 5, names: Collection[str] = ()) -> Facts:
    """Look at the texts of a column; ``names`` are what it is called, which may stand in it once more on each page."""
    trimmed = pc.utf8_trim_whitespace(texts)
    said = trimmed.filter(pc.fill_null(pc.not_equal(trimmed, ""), False))  # noqa: FBT003
    distinct = pc.unique(said).slice(0, SAMPLE)
    drawn = pc.match_substring_regex(distinct, rf"^{DRAWN}$")
    distinct = distinct if pc.all(drawn).as_py() else distinct.filter(pc.invert(drawn))
    if names:
        again = pc.is_in(distinct, value_set=pa.array(sorted(names), type=distinct.type))
        distinct = distinct if pc.all(again).as_py() else distinct.filter(pc.invert(again))
    if any(totals := [bool(TOTAL.match(text)) for text in distinct.to_pylist()]) and not all(totals):
        distinct = distinct.filter(pa.array([not one for one in totals]))  # what adds lines up says nothing of a column
    count = len(distinct)
    plain = tidy(without_magnitudes(distinct)).values
    numbers = np.asarray(pc.match_substring_regex(plain, _NUMBER), dtype=bool)
    read = distinct.to_pylist()
    dates = sum(not number and bool(read_moment(text).days) for text, number in zip(read, numbers, strict=True))
    return Facts(
        filled_bp=10_000 * len(said) // max(1, len(texts)),
        dates_bp=10_000 * dates // max(1, count),
        numbers_bp=10_000 * int(numbers.sum()) // max(1, count),
        eans_bp=10_000 * sum(len(text) in _DIGITS_OF_EAN and is_ean(text) for text in read) // max(1, count),
        flags_bp=10_000 * sum(map(says_yes_or_no, read)) // max(1, count),
        samples=tuple(read[:samples]),
    )


def candidates(name: str, facts: Facts, kind: str) -> list[Candidate]:
    """Say which fields a column may hold, the likeliest first."""
    known = KINDS[kind].known
    heads = _heads(name)
    found = []
    told = of_a_correction(name) or (kind == "sales" and of_another_time(name))
    over = {spoken(part) for part in name.split(JOINT)[:-1]}
    of_customers = kind == "sales" and not over.isdisjoint(names_of(kind)["distributor"])
    whole = heads[:1] if not_sold(name.rpartition(JOINT)[0]) else heads  # what is planned is called as what is sold
    if is_of_others(name, kind):
        return []
    for one, names in names_of(kind).items():
        unread = one == "net_amount" and _of_unread_amounts(heads, names, facts)
        if one not in known or not (can_hold(one, facts) or unread) or (told and one in NUMBERS):
            continue
        score, called = max(_alike(head, names) for head in (whole if one in FIGURES else heads))
        if score < _SHORTENED and (meant := _shortened(name, names)) is not None:
            score, called = _SHORTENED, meant
        if score >= _LEAST:
            because = Because.NAMED if called in heads else Because.NEARLY
            held = _OF_CUSTOMERS.get(one, one) if of_customers else one
            found.append(Candidate(held, score, because, name, called))
    if "product" in known and facts.eans_bp >= 9_000 and facts.filled_bp:
        found.append(Candidate("product", _LEAST + 5, Because.EANS))
    if "ean" in known and facts.eans_bp >= 9_000 and facts.filled_bp:
        found.append(Candidate("ean", _SURE, Because.EANS))
    if not found and facts.dates_bp >= 9_000:
        found = [Candidate(one, _LEAST, Because.DATES) for one in HAPPENED if one in known]
    best: dict[str, Candidate] = {}
    for candidate in found:
        if candidate.field not in best or best[candidate.field].score < candidate.score:
            best[candidate.field] = candidate
    return sorted(best.values(), key=lambda one: -one.score)


def adds_up(name: str) -> bool:
    """Say whether a pivot table calls a column so: ``Suma z Ilość``."""
    return _ADDED_UP.fullmatch(spoken(name.rpartition(JOINT)[2])) is not None


def after_discount(name: str) -> str | None:
    """Give what a column is called but for words such as ``po rabacie``; None: it has none."""
    told = _AFTER_DISCOUNT.fullmatch(spoken(name.rpartition(JOINT)[2]))
    return told[1] if told else None


def is_of_others(name: str, kind: str) -> bool:
    """Say whether a column is called after what is of no field of a kind."""
    if not of_others(kind).isdisjoint(_heads(name)) or _shortened(name, of_others(kind)) is not None:
        return True
    return kind == "sales" and is_tax(name)


def _heads(name: str) -> list[str]:
    """Give what a column is called: in all rows of its header, in the last, and without a unit behind it."""
    heads = [spoken(part) for part in (name, name.rpartition(JOINT)[2])]
    bare = [head.rpartition(" ") for head in heads]
    heads += [told[1] for head in heads for form in _TOLD_OF if (told := form.fullmatch(head))]
    heads += [head for head, _, unit in bare if head and (unit in PIECES or currencies_of(unit))]
    heads += [_without_currency(head) for head in heads]
    return list(dict.fromkeys(heads))


def _without_currency(head: str) -> str:
    """Give a name without the currency that stands between its words: ``сумма руб без ндс``."""
    first, *others = head.split(" ")
    return " ".join([first, *(word for word in others[:-1] if not currencies_of(word)), *others[-1:]])


def can_hold(one: str, facts: Facts) -> bool:
    """Say whether what stands in a column can be the field's."""
    if not facts.samples:
        return True
    if one in DATES:
        if all(map(_OF_A_MONTH.fullmatch, facts.samples)):
            return False  # the days of a month, beside which columns of months and years stand
        return facts.dates_bp >= 5_000 or facts.dates_bp + facts.numbers_bp >= 9_000
    if one in NUMBERS:
        return facts.numbers_bp >= 5_000
    if one == "discounted":  # a rebate of so many per cent is called so as well
        return facts.flags_bp >= 9_000
    return facts.dates_bp < 9_000


def _of_unread_amounts(heads: Collection[str], names: Mapping[str, bool], facts: Facts) -> bool:
    """Say whether a column is called net amounts and holds such with words beside them that nobody knows.

    They are refused one by one: amounts reckoned of prices instead would say nothing of a discount.
    """
    return any(names.get(head) for head in heads) and bool(facts.samples) and all(map(_CENTS.search, facts.samples))


def _alike(head: str, names: Mapping[str, bool]) -> tuple[int, str]:
    if head in names:
        return _SURE if names[head] else _SAID_OF_OTHERS, head
    best, called = 0.0, ""
    for name in names:
        if {_taxed(head), _taxed(name)} == {True, False}:
            continue  # but for that word they are called nearly the same
        if set(name.split()) & _ABBREVIATED:
            continue  # kg netto, lp netto: one letter is the whole difference
        ratio = fuzz.token_sort_ratio(head, name)
        if len(name) >= _LEAST_TOKEN and " " in name and fuzz.token_set_ratio(head, name) == _SURE:
            ratio = max(ratio, 85.0 if set(name.split()) <= set(head.split()) else 0.0)
        if ratio > best:
            best, called = ratio, name
    return min(int(best), _SURE - 1), called


def _shortened(name: str, names: Collection[str]) -> str | None:
    """Give the known name that a name shortens with full stops, as ``Kod kontr.`` does ``kod kontrahenta``."""
    words = _WORD.findall(name.rpartition(JOINT)[2].casefold())
    short = [word.endswith(".") for word in words]
    if not any(short) or (len(words) == 1 and len(words[0]) <= _LEAST_ALONE):
        return None
    parts = (re.escape(word.rstrip(".")) + r"\w*" * cut for word, cut in zip(words, short, strict=True))
    meant = re.compile(" ".join(parts))
    return next(filter(meant.fullmatch, sorted(names)), None)


def _taxed(name: str) -> bool | None:
    """Say whether a name says that it is with tax, or without it; None where it says neither."""
    words = set(name.split())
    return True if words & _WITH_TAX else False if words & _WITHOUT_TAX else None


def guess(found: Mapping[str, Sequence[Candidate]], kind: str) -> Guesses:
    """Give each field the column that is likeliest, and name the choices that somebody else must make."""
    required = KINDS[kind].needed(())
    found = _of_one_measure(_sold_before_returned(found))
    ranked = sorted(
        (-one.score, one.field not in required, at, one.field, name)
        for at, (name, several) in enumerate(found.items())
        for one in several
    )
    guesses, taken = Guesses(), set()
    for _, _, _, wanted, name in ranked:
        if wanted not in guesses.columns and name not in taken:
            guesses.columns[wanted] = name
            taken.add(name)
    for wanted, stand_in in _STAND_INS.items():
        if wanted in required and wanted not in guesses.columns and stand_in in guesses.columns:
            guesses.columns[wanted] = guesses.columns.pop(stand_in)
            guesses.stand_ins.add(wanted)
    scores = {(one.field, name): one.score for name, several in found.items() for one in several}
    for wanted, chosen in guesses.columns.items():
        best = scores.get((wanted, chosen), _LEAST)
        least = best if best >= _SURE else max(_LEAST, best - _NEAR)
        rivals = [name for name in found if name not in taken and scores.get((wanted, name), 0) >= least]
        if rivals:
            guesses.choices[wanted] = [chosen, *rivals]
    guesses.ignored = [name for name in found if name not in guesses.columns.values()]
    return guesses


def _of_one_measure(found: Mapping[str, Sequence[Candidate]]) -> dict[str, Sequence[Candidate]]:
    """Leave columns that differ in their currency alone what they are the likeliest: ``Netto PLN``, ``Netto EUR``.

    They say the same in two currencies, and somebody must say which of them counts: none is a price beside the other.
    """
    measures = {name: spoken(name.replace(code, " ")) for name in found if (code := currency_named(name))}
    twice = {name for name, one in measures.items() if [*measures.values()].count(one) > 1}
    return {
        name: [one for one in several if one.score == several[0].score] if name in twice else several
        for name, several in found.items()
    }


def _sold_before_returned(found: Mapping[str, Sequence[Candidate]]) -> dict[str, list[Candidate]]:
    """Leave out figures below what says returns where others of the same name stand beside them: ``Zwroty / Ilość``."""
    beside = {
        (one.field, spoken(name.rpartition(JOINT)[2]))
        for name, several in found.items()
        for one in several
        if not says_returns(words_over(name))
    }
    return {
        name: [
            one
            for one in several
            if one.field not in FIGURES
            or not says_returns(words_over(name))
            or (one.field, spoken(name.rpartition(JOINT)[2])) not in beside
        ]
        for name, several in found.items()
    }
