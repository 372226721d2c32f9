"""What a card provider does for us, whoever it is. A provider is an outside company: it is asked between transactions.

Every order carries our own reference, and a provider must answer the same to the same reference, and load once. That
is what makes a lost answer harmless: we ask again.
"""

import datetime as dt
import enum
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.domain.saying.wording import Said, Told
from app.domain.states import CardState, Identity


class LoadResult(enum.StrEnum):
    """What a provider says of a load."""

    LOADED = "loaded"
    FAILED = "failed"
    UNKNOWN = "unknown"  # taken in, not decided yet


class Ability(enum.Enum):
    """What not every provider does for us."""

    ISSUE = "issue"
    LOAD = "load"  # it takes an order from us; else a person brings it, and its answers back
    STATE = "state"  # cards are blocked and closed there
    BALANCE = "balance"
    HISTORY = "history"


@dataclass(frozen=True, slots=True)
class CardRequest:
    """An order for a card. ``replaces`` is the token of the card whose balance it goes on with."""

    reference: str
    holder: str
    currency: str
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class IssuedCard:
    """A card that was issued. Never its number."""

    reference: str
    token: str
    last4: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What a provider says of a card by now."""

    state: CardState
    identity: Identity


@dataclass(frozen=True, slots=True)
class Movement:
    """Something spent from a card (below zero), or given back to it."""

    token: str
    amount_minor: int
    merchant: str
    happened_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider says of one load. ``amount_minor`` is None where it names none."""

    reference: str
    result: LoadResult
    code: str = ""
    message: str = ""
    amount_minor: int | None = None


class ProviderError(Told):
    """The provider did not answer, or not so that one knows what it did: it must be asked again."""


class OrderRefused(ProviderError):
    """The provider refused an order file as a whole: nothing of it was loaded."""


class CardProvider(Protocol):
    """A company that issues prepaid cards and loads them."""

    @property
    def name(self) -> str:
        """Name it as programme files do."""

    @property
    def abilities(self) -> frozenset[Ability]:
        """Name what it does for us. Only that is asked of it."""

    @property
    def cards_at_once(self) -> int:
        """Say how many cards it is asked for before they are written down: what stops us loses no more than these."""

    def issue_cards(self, requests: Sequence[CardRequest]) -> Sequence[IssuedCard]:
        """Issue cards; a reference that was given before gets the card that it got then.

        Raises:
            ProviderError: Not all were issued, or nobody knows.
        """

    def submit(self, order_file: Path, into: Path) -> Sequence[Path]:
        """Hand an order file over and bring the response files into a folder.

        Raises:
            OrderRefused: The file was refused as a whole.
            ProviderError: Nobody knows what was loaded.
        """

    def look_up(self, references: Collection[str]) -> dict[str, Answer]:
        """Tell what became of loads by our references; one that the provider never saw is not in the answer.

        Raises:
            ProviderError: It did not answer.
        """

    def balance_minor(self, token: str) -> int:
        """Tell what stands on a card.

        Raises:
            ProviderError: It did not answer, or knows no such card.
        """

    def set_state(self, token: str, state: CardState) -> None:
        """Let a card be active, blocked or closed. Asking again is harmless.

        Raises:
            ProviderError: It did not answer, or did not do it.
        """

    def facts(self, token: str) -> Facts:
        """Tell how a card stands: whether it is active, blocked or closed, and whether its holder is known.

        Raises:
            ProviderError: It did not answer, or knows no such card.
        """

    def history(self, token: str, since: dt.datetime) -> Sequence[Movement]:
        """Tell what was spent from a card and given back to it since then.

        Raises:
            ProviderError: It did not answer, or knows no such card.
        """

    def refuse_run(self, currency: str, amount_minor: int) -> Said | None:
        """Say why a run of so much cannot be paid for now; None: it can, or nobody knows.

        Raises:
            ProviderError: It did not answer.
        """
