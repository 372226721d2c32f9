"""What a provider's statement may say, in the provider's own words, and what can be done where it differs from ours."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field, model_validator

from app.domain.program_file.parts import Part, Words
from app.domain.states import BookingKind, FindingAnswer, FindingKind

_LOADS = ("load", "top-up", "topup", "credit", "loaded", "doładowanie", "zasilenie", "recarga", "пополнение")
_REVERSALS = ("reversal", "refund", "chargeback", "storno", "zwrot", "cofnięcie", "anulación", "devolución", "возврат")
_FAILED = ("failed", "rejected", "odrzucone", "rechazado", "отклонено")
_OTHERS = ("fee", "purchase", "opłata", "prowizja", "zakup", "comisión", "compra", "комиссия", "покупка")


class StatementPart(Part):
    """How a provider's statements are read, and how exact their days are."""

    days_apart: Annotated[int, Field(ge=0, le=31)] = Field(
        3, description="so many days before its order, or after its answer, a load may be booked"
    )
    loads: list[Words] = Field(list(_LOADS), min_length=1)
    reversals: list[Words] = Field(list(_REVERSALS))
    failed: list[Words] = Field(list(_FAILED))
    others: list[Words] = Field(list(_OTHERS), description="bookings that are nothing of ours: fees, purchases")

    @model_validator(mode="after")
    def _each_once(self) -> "StatementPart":
        said = [word.casefold() for word in (*self.loads, *self.reversals, *self.failed, *self.others)]
        twice = sorted({word for word in said if said.count(word) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} would mean two things")
        return self

    def kinds(self) -> Mapping[str, BookingKind]:
        """Give what each word means, as it is compared."""
        by_kind = (
            (BookingKind.LOAD, self.loads),
            (BookingKind.REVERSAL, self.reversals),
            (BookingKind.FAILED, self.failed),
            (BookingKind.OTHER, self.others),
        )
        return {word.casefold(): kind for kind, words in by_kind for word in words}


WAYS: Mapping[FindingKind, Sequence[FindingAnswer]] = {
    FindingKind.OPEN_HERE: (FindingAnswer.SETTLED, FindingAnswer.NOTED),
    FindingKind.NEVER_LOADED: (FindingAnswer.RETURNED, FindingAnswer.NOTED),
    FindingKind.RETURNED_HERE: (FindingAnswer.ADJUSTED, FindingAnswer.NOTED),
    FindingKind.MISSING_THERE: (FindingAnswer.ADJUSTED, FindingAnswer.NOTED),
    FindingKind.FAILED_THERE: (FindingAnswer.ADJUSTED, FindingAnswer.NOTED),
    FindingKind.REVERSED: (FindingAnswer.ADJUSTED, FindingAnswer.NOTED),
    FindingKind.AMOUNT_DIFFERS: (FindingAnswer.ADJUSTED, FindingAnswer.NOTED),
}
"""What may be done about a difference besides a note, the best first; about all others there is nothing but that."""

TAKES = frozenset({FindingKind.RETURNED_HERE})
"""Where an adjustment takes points: they went back, and the money is on the card all the same."""

GIVES = frozenset({FindingKind.MISSING_THERE, FindingKind.FAILED_THERE, FindingKind.REVERSED})
"""Where an adjustment gives the points of a load back: they went, and the money is not on the card."""


def ways_of(kind: FindingKind) -> Sequence[FindingAnswer]:
    """Give what may be done about a difference, the best first."""
    return WAYS.get(kind, (FindingAnswer.NOTED,))
