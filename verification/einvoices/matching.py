"""What the lines of an e-invoice are here: found by EAN, by code or by alias, or else proposed by likeness."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sqlalchemy.orm import Session

from app.domain.typed.codes import code_key, ean_key
from app.domain.typed.likeness import Catalogue, Likeness, Wanted
from app.services.imported import aliases
from app.services.imported.aliases import SAME_UNIT, Meaning, Names
from app.services.imported.unmatched import shelf_of_products
from verification.einvoices.invoice import Line, Reason, reason

FoundBy: TypeAlias = Literal["ean", "code", "alias"]

_OF_NO_PROFILE = ""
"""No profile is called so: what holds for all sources, and for the rows of a distributor."""
_PROPOSED = 3
_NOT_BY_ITSELF = 92
"""How likely a product is whose alias has a unit that does not divide the quantity; as what other sources call it."""


@dataclass(frozen=True)
class MatchedLine:
    """A line with the product that it is.

    Attributes:
        line: as the invoice has it.
        product_id: the product; none where nobody may say so but a person.
        quantity_milli: thousandths of our unit, of which one of the seller's may be several.
        found_by: what told the product.
        written: the word of the line that told it.
        proposals: what it may be, the likeliest first, where nothing told it. Nobody but a person accepts one.
        problem: why it does not count, or why a person must say what it is, though its name is known.
    """

    line: Line
    product_id: int | None
    quantity_milli: int
    found_by: FoundBy | None = None
    written: str | None = None
    proposals: tuple[Likeness, ...] = ()
    problem: Reason | None = None


def match_lines(
    session: Session, program_id: int, lines: Sequence[Line], *, distributor_id: int | None = None
) -> list[MatchedLine]:
    """Say what each line is.

    A line is told by its EAN; by our code, where the line names no other EAN than the product's; by what the rows of
    the distributor, or all sources, call the product. What only looks alike is proposed.
    """
    names = aliases.product_names(session, program_id, _OF_NO_PROFILE)
    known = _Known(names, distributor_id)
    found = [known.matched(line) for line in lines]
    settled = [bool(one.found_by or one.proposals) for one in found]
    if all(settled):
        return found
    shelf = shelf_of_products(session, program_id)
    return [one if told else _proposed(one.line, shelf) for one, told in zip(found, settled, strict=True)]


class _Known:
    """What names mean to whoever wrote the invoice."""

    def __init__(self, names: Names, distributor_id: int | None) -> None:
        self._names, self._distributor_id = names, distributor_id
        self._with_an_ean = frozenset(names.eans.values())

    def matched(self, line: Line) -> MatchedLine:
        for found_by, written, meaning in self._meanings(line):
            return _as_meant(line, found_by, written, meaning)
        return MatchedLine(line, None, line.quantity_milli)

    def _meanings(self, line: Line) -> Iterator[tuple[FoundBy, str, Meaning]]:
        """Give what the words of a line mean, the surest first."""
        ean = ean_key(line.gtin or "")
        if line.gtin and ean and ean in self._names.eans:
            yield "ean", line.gtin, Meaning(self._names.eans[ean])
        for code in filter(None, (line.seller_code, line.buyer_code)):
            product_id = self._names.codes.get(code_key(code))
            # a seller's number may happen to be a code of ours: another EAN says that it is something else
            if product_id is not None and not (ean and product_id in self._with_an_ean):
                yield "code", code, Meaning(product_id)
        for word in filter(None, (line.seller_code, line.buyer_code, line.name)):
            if self._names.own(word) is None and (meaning := self._alias(code_key(word))) is not None:
                yield "alias", word, meaning

    def _alias(self, key: str) -> Meaning | None:
        theirs = self._distributor_id
        mine = None if theirs is None else self._names.of_distributors.get((theirs, key))
        return mine or self._names.aliases.get(key)


def _as_meant(line: Line, found_by: FoundBy, written: str, meaning: Meaning) -> MatchedLine:
    if meaning.id is None:
        ignored = reason("ignored_product", "block", found=repr(written), because=meaning.reason or "")
        return MatchedLine(line, None, line.quantity_milli, found_by, written, problem=ignored)
    quantity, rest = divmod(line.quantity_milli * meaning.unit_milli, SAME_UNIT)
    if rest:
        inexact = reason("unit_not_exact", "review", field="quantity", found=repr(written))
        likely = (Likeness(meaning.id, _NOT_BY_ITSELF, "elsewhere"),)
        return MatchedLine(line, None, line.quantity_milli, proposals=likely, problem=inexact)
    return MatchedLine(line, meaning.id, quantity, found_by, written)


def _proposed(line: Line, shelf: Catalogue) -> MatchedLine:
    words = [word for word in (line.gtin, line.seller_code, line.buyer_code) if word] or [line.name or ""]
    best: dict[int, Likeness] = {}
    for word in words:
        for one in shelf.proposals(Wanted(word, line.name), _PROPOSED):
            if one.id not in best or best[one.id].score < one.score:
                best[one.id] = one
    likeliest = sorted(best.values(), key=lambda one: (-one.score, one.id))
    return MatchedLine(line, None, line.quantity_milli, proposals=tuple(likeliest[:_PROPOSED]))
