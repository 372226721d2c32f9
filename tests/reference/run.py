"""Count the lines of one import: documents, awards, reversals, everybody's points (rules.md sections 1 to 6)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.reference.earning import Award, earn
from tests.reference.programme import Programme, read_catalogue, read_programme
from tests.reference.returns import Reversal, UnmatchedReturn, reverse_returns
from tests.reference.sales import Catalogue, Document, Key, SalesLine, documents_of


@dataclass
class Totals:
    """Gross awarded, reversed, and what is left, in the smallest unit (rules.md sections 2 and 6)."""

    awarded: int = 0
    reversed: int = 0

    @property
    def net(self) -> int:
        """What is left after returns (rules.md section 6)."""
        return self.awarded - self.reversed


@dataclass(frozen=True)
class LineEntry:
    """One rule's award on one line and what returns have taken back of it (rules.md sections 2 to 6)."""

    rule: str
    unit: str
    awarded: int
    reversed: int
    before_caps: int
    cut_by: str | None


@dataclass
class Result:
    """All that one import comes to (rules.md sections 1 to 6). Distributors are named in capitals, trimmed."""

    programme: Programme
    documents: list[Document]
    awards: list[Award]
    reversals: list[Reversal]
    unmatched: list[UnmatchedReturn]

    def per_distributor(self, unit: str = "points") -> dict[str, Totals]:
        """Give the totals of every distributor that has a document, also where they are zero (sections 2, 6)."""
        totals = {document.distributor: Totals() for document in self.documents}
        for award in self.awards:
            if award.unit == unit:
                totals[award.distributor].awarded += award.points
        for reversal in self.reversals:
            if reversal.unit == unit:
                totals[reversal.distributor].reversed += reversal.points
        return totals

    def per_document(self, unit: str = "points") -> dict[Key, Totals]:
        """Give the totals of every document; a reversal counts on the document that SOLD (rules.md section 6)."""
        totals = {document.key: Totals() for document in self.documents}
        for award in self.awards:
            if award.unit == unit:
                totals[award.document].awarded += award.points
        for reversal in self.reversals:
            if reversal.unit == unit:
                totals[reversal.sale_document].reversed += reversal.points
        return totals

    def taken_back_by(self, unit: str = "points") -> dict[Key, int]:
        """Give what every document takes back by its returned lines (rules.md section 6)."""
        taken = {document.key: 0 for document in self.documents}
        for reversal in self.reversals:
            if reversal.unit == unit:
                taken[reversal.return_document] += reversal.points
        return taken

    def per_rule(self, unit: str = "points") -> dict[str, Totals]:
        """Give the totals of every rule that awarded something (rules.md sections 2 and 6)."""
        totals: dict[str, Totals] = defaultdict(Totals)
        for award in self.awards:
            if award.unit == unit:
                totals[award.rule].awarded += award.points
        for reversal in self.reversals:
            if reversal.unit == unit:
                totals[reversal.rule].reversed += reversal.points
        return dict(totals)

    def per_line(self) -> dict[tuple[Key, int], list[LineEntry]]:
        """Give the awards of every line that has any, with the codes of the rules (rules.md sections 2 to 6)."""
        taken: dict[tuple[Key, int, str, str], int] = defaultdict(int)
        for reversal in self.reversals:
            taken[reversal.sale_document, reversal.sale_line, reversal.rule, reversal.unit] += reversal.points
        entries: dict[tuple[Key, int], list[LineEntry]] = defaultdict(list)
        for award in self.awards:
            back = taken[award.document, award.line_number, award.rule, award.unit]
            entries[award.document, award.line_number].append(
                LineEntry(award.rule, award.unit, award.points, back, award.before_caps, award.cut_by)
            )
        return dict(entries)


def count(programme_dict: dict[str, Any], catalogue: Catalogue | None, lines: Iterable[SalesLine]) -> Result:
    """Count one import (rules.md sections 1 to 6). Without a catalogue, the one inside the programme file is used."""
    programme = read_programme(programme_dict)
    if catalogue is None:
        catalogue = read_catalogue(programme_dict)
    documents = documents_of(list(lines), programme.earns_on, programme.minor_digits)
    awards = earn(programme, catalogue, documents)
    reversals, unmatched = reverse_returns(documents, awards)
    return Result(programme, documents, awards, reversals, unmatched)
