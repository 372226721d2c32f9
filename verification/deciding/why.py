"""Why somebody decides as they do."""

from dataclasses import dataclass

from app.domain.saying.decision_codes import said
from app.domain.typed.card_numbers import holds_card_number
from app.models.programs import Program
from app.services.telling import texts
from verification.deciding.errors import CannotDecide


@dataclass(frozen=True)
class Why:
    """Why somebody decides as they do: a code that is counted, words, or both."""

    words: str = ""
    code: str | None = None

    def __post_init__(self) -> None:
        """Refuse what is no reason.

        Raises:
            CannotDecide: Nothing is said, or a card's number stands in the words.
        """
        if self.code is None and not self.words.strip():
            raise CannotDecide("A decision needs a reason.")
        if holds_card_number(self.words):
            raise CannotDecide("The reason may hold the number of a payment card, which is never kept; remove it.")

    @property
    def noted(self) -> str:
        """Say it as it is noted in the ledger: whoever reads it there reads it in their language."""
        return said(self.code, self.words)

    def in_words(self, program: Program) -> str:
        """Say it in the programme's language, for letters."""
        locale = texts.known(program.locale)
        return said(self.code, self.words, lambda source: texts.translated(source, locale))
