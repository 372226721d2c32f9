"""Sentences that the domain makes, in whatever language somebody reads: the domain knows the words, not the language.

A function that makes sentences takes ``say``, which gives a text in a language; without one they are English. Texts are
marked with `marked` where they stand, for the translators.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

Say: TypeAlias = Callable[[str], str]

_STOPPED_TWICE = re.compile(r"(?<=\sг\.)\.(?!\.)")
"""A Russian day or month, which ends with a shortened word, at the end of a sentence."""


def marked(text: str) -> str:
    """Mark a text for the translators, and give it back."""
    return text


def plain(text: str) -> str:
    """Say a text in English."""
    return text


_ = marked
_OR, _AND = _("%(these)s or %(last)s"), _("%(these)s and %(last)s")


def grouped(figure: int, decimals: int = 0) -> str:
    """Write smallest units in English; without decimals that is a whole number."""
    whole, part = divmod(abs(figure), 10**decimals)
    written = f"{whole:,}.{part:0{decimals}}" if decimals else f"{whole:,}"
    return f"-{written}" if figure < 0 else written


class Figure(Protocol):
    """Writes smallest units as whoever reads them does; without decimals that is a whole number."""

    def __call__(self, value: int, decimals: int = 0, /) -> str:
        """Write them."""
        ...


@dataclass(frozen=True)
class Amount:
    """An amount within a sentence that is said later: so many smallest units, and the decimals that it is written with.

    Its currency, where it has one, is named by the sentence.
    """

    value: int
    decimals: int


def stopped_once(said: str) -> str:
    """Give a text whose sentences end with one full stop, where what fills them ends with a stop of its own."""
    return _STOPPED_TWICE.sub("", said) if ".." in said else said


@dataclass(frozen=True)
class Said:
    """A sentence that is kept to be said later, in whatever language: its text, marked, and what fills it.

    A whole number among the values is a figure, and written as one, as an `Amount` is with its decimals; what only
    looks like one, as the number of a row does, is given as text. A value may be a sentence itself, or several values
    that are listed.
    """

    text: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def words(self, say: Say = plain, figure: Figure = grouped) -> str:
        """Say it."""
        if not self.values:
            return say(self.text)
        return stopped_once(say(self.text) % {name: _shown(value, say, figure) for name, value in self.values.items()})

    def __str__(self) -> str:
        """Say it in English."""
        return self.words()

    def kept(self) -> dict[str, Any]:
        """Write it down; `said_of` says it again."""
        return {"text": self.text, "values": {name: _kept(value) for name, value in self.values.items()}}

    @classmethod
    def again(cls, kept: Mapping[str, Any]) -> "Said":
        """Give what was written down."""
        return cls(kept["text"], {name: _again(value) for name, value in kept["values"].items()})


def either(*values: Any) -> Any:
    """List values of which one is meant: a, b or c."""
    return _joined(_OR, values)


def together(*values: Any) -> Any:
    """List values that are all meant: a, b and c."""
    return _joined(_AND, values)


def _joined(text: str, values: Sequence[Any]) -> Any:
    return Said(text, {"these": list(values[:-1]), "last": values[-1]}) if len(values) > 1 else "".join(values)


def in_a_row(*said: Said) -> Said:
    """Make one of several sentences."""
    return Said(" ".join(f"%(part{at})s" for at in range(len(said))), {f"part{at}": one for at, one in enumerate(said)})


def said_of(kept: Mapping[str, Any] | None, otherwise: str, say: Say, figure: Figure = grouped) -> str:
    """Say what was written down; ``otherwise`` stands where it was not yet written down so."""
    return Said.again(kept).words(say, figure) if kept else otherwise


def _shown(value: Any, say: Say, figure: Figure) -> Any:
    if isinstance(value, Said):
        return value.words(say, figure)
    if isinstance(value, Amount):
        return figure(value.value, value.decimals)
    if isinstance(value, list | tuple):
        return ", ".join(str(_shown(one, say, figure)) for one in value)
    return figure(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _kept(value: Any) -> Any:
    if isinstance(value, Said):
        return value.kept()
    if isinstance(value, Amount):
        return {"amount": value.value, "decimals": value.decimals}
    return [_kept(one) for one in value] if isinstance(value, list | tuple) else value


def _again(value: Any) -> Any:
    if isinstance(value, dict):
        return Amount(value["amount"], value["decimals"]) if "amount" in value else Said.again(value)
    return [_again(one) for one in value] if isinstance(value, list) else value


class Told(Exception):
    """Something that stops a person, told to them: ``said`` in their language, as a text in English."""

    def __init__(self, text: str, **values: Any) -> None:
        """Take the sentence, marked, and what fills it."""
        self.said = Said(text, values)
        super().__init__(self.said.words())
