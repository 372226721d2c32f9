"""A card operator that takes files and answers by files: a person carries both."""

import datetime as dt
from collections.abc import Collection, Sequence
from pathlib import Path

from app.domain.saying.wording import Said, marked
from app.domain.states import CardState
from prepaid.issuers.order_forms import BATCH_FILE
from prepaid.providers import Ability, Answer, CardRequest, Facts, IssuedCard, Movement, ProviderError

_ = marked
_BY_FILE = _("This card operator works by files: %(what)s.")


class BatchFileProvider:
    """Stands for the operator where a provider is asked for; it can be asked nothing."""

    @property
    def name(self) -> str:
        """Name it as programme files do."""
        return BATCH_FILE

    @property
    def abilities(self) -> frozenset[Ability]:
        """It does nothing by itself."""
        return frozenset()

    @property
    def cards_at_once(self) -> int:
        """It issues none, and says so at the first."""
        return 1

    def issue_cards(self, requests: Sequence[CardRequest]) -> Sequence[IssuedCard]:
        """Issue none.

        Raises:
            ProviderError: Always, where one is asked for.
        """
        if requests:
            raise ProviderError(_BY_FILE, what=Said(_("register the cards that it issues")))
        return ()

    def submit(self, order_file: Path, into: Path) -> Sequence[Path]:
        """Leave the file where it is: a person brings it to the operator, and the answers back."""
        return ()

    def look_up(self, references: Collection[str]) -> dict[str, Answer]:
        """Tell nothing.

        Raises:
            ProviderError: Always.
        """
        raise ProviderError(_BY_FILE, what=Said(_("bring its response file")))

    def balance_minor(self, token: str) -> int:
        """Tell nothing.

        Raises:
            ProviderError: Always.
        """
        raise ProviderError(_BY_FILE, what=Said(_("it tells no balance")))

    def set_state(self, token: str, state: CardState) -> None:
        """Do nothing.

        Raises:
            ProviderError: Always.
        """
        raise ProviderError(_BY_FILE, what=Said(_("tell it by hand")))

    def facts(self, token: str) -> Facts:
        """Tell nothing.

        Raises:
            ProviderError: Always.
        """
        raise ProviderError(_BY_FILE, what=Said(_("it tells nothing of a card")))

    def history(self, token: str, since: dt.datetime) -> Sequence[Movement]:
        """Tell nothing."""
        return ()

    def refuse_run(self, currency: str, amount_minor: int) -> Said | None:
        """Know nothing of its funds."""
        return None
