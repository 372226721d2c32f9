"""Why a document cannot be decided as somebody wants."""

from collections.abc import Sequence

from app.domain.saying.wording import Said


class CannotDecide(Exception):
    """The document is not in a state in which this can be decided."""


class NoSuchDocument(CannotDecide):
    """The programme has no such document."""


class Taken(CannotDecide):
    """Somebody else has the document before them."""

    def __init__(self, holder: str) -> None:
        """Say who."""
        self.holder = holder
        super().__init__(f"{holder} has this document before them; ask again when they are done.")


class NotYours(CannotDecide):
    """Somebody else must decide: ``why`` is "company", "first" or "appeal"."""

    def __init__(self, why: str) -> None:
        """Say why."""
        self.why = why
        super().__init__(
            {
                "company": "Nobody decides about a document of a company they belong to.",
                "first": "You accepted this document already: it takes a second person.",
                "appeal": "You refused this document: somebody else decides about the appeal.",
            }[why]
        )


class Replaced(CannotDecide):
    """Another document has its number meanwhile."""


class UnitSold(CannotDecide):
    """A unit of it counts by another document; ``serial`` is its number."""

    def __init__(self, serial: str) -> None:
        """Say which."""
        self.serial = serial
        super().__init__(f"The unit with the serial number {serial} is in the programme already: it counts once.")


class WentBack(CannotDecide):
    """Goods of it went back with a document that counts."""


class PaidOut(CannotDecide):
    """What the document gave is on its way out, or spent; ``gone`` tells of whom and how much."""

    def __init__(self, gone: Sequence[Said]) -> None:
        """Say so."""
        self.gone = gone
        super().__init__(" ".join(["What was spent cannot be decided anew.", *map(str, gone)]))
