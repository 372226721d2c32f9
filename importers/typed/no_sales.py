"""Rows that are perhaps no sales, as typing meets them: cancelled, called credit notes, or as before a correction.

What the profile says of them holds. What it says nothing of stops the import, for next month's file may be the first to
have such rows.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.domain.measures.exact import Ints
from app.domain.program_file.import_profile import ImportProfile
from app.domain.saying.wording import Said, marked
from app.domain.states import DocumentKind, Outcome
from importers.errors import QuestionOpen
from importers.layout.columns.columns import kinds_of_documents
from importers.layout.documents.credit_notes import columns_told, told_by, with_parts
from importers.layout.documents.other_documents import others_among, perhaps_others
from importers.layout.documents.returned import Sells, Texts, among, called_returned
from importers.layout.documents.unknown_kinds import unknown_among
from importers.layout.rows.cancelled import ANYTHING, cancels, not_named, perhaps_cancelled
from importers.layout.rows.corrected import perhaps_corrected, said_after, said_before
from importers.layout.tables.header import name_key
from importers.layout.tables.table import TextTable
from importers.problems.problems import Problems
from importers.typed.parsing import Column

_ = marked
_CANCELLED = _("rows seem to be cancelled by what stands there")
_OTHERS = _("documents seem to be named there by which nothing was sold")
_CORRECTED = _("rows seem to be as before or after a correction by what stands there")
_RETURNED = _("goods seem to have come back by documents that are called so, and their quantities are above zero")
_KINDS = _("it names kinds of documents of which nobody said what they are")
_SHOWN = 3


@dataclass(frozen=True)
class NoSales:
    """What a table says of its rows beside what it is read for.

    ``read`` are the columns that are read, by our fields, and ``taken`` their names.
    """

    table: TextTable
    profile: ImportProfile
    read: Mapping[str, Column]
    taken: Collection[str]

    def refuse_cancelled(self, problems: Problems) -> None:
        """Refuse rows that the file says were cancelled.

        Raises:
            QuestionOpen: It seems to say so of rows, and the profile does not say what it says.
        """
        rows, said, told = self.table.row_number, self.profile.cancelled, self.read.get("cancelled")
        answer = Said(_("say cancelled: in the profile"))
        if said is None:
            seen = perhaps_cancelled(self._others())
            if seen is not None:
                raise QuestionOpen(seen.column, Said(_CANCELLED), seen.told, answer)
        elif said.values and told is not None:
            texts = told.values.to_pylist()
            if others := not_named(texts, said.values):
                raise QuestionOpen(told.name, Said(_CANCELLED), others, answer)
            cancelled = np.asarray([cancels(text, said.values) for text in texts], dtype=bool)
            for at in np.flatnonzero(told.spread(cancelled, False)).tolist():  # noqa: FBT003
                problems.add(rows[at], Outcome.REFUSED, "cancelled", field=told.name, found=told.shown(at))

    def refuse_others(self, problems: Problems) -> None:
        """Refuse rows of documents by which the file says that nothing was sold.

        Raises:
            QuestionOpen: It seems to name such, and the profile does not say what they are.
        """
        said, told = self.profile.other_documents, self.read.get("other_documents")
        answer = Said(_("say other_documents: in the profile"))
        if said is None:
            columns, known = self._others(), dict[str, list[str]]()
            cancelled = self.read.get("cancelled")
            told_of = [*self._kinds_told, *([(cancelled, self._cancelling)] if cancelled is not None else ())]
            for one, values in told_of:
                columns[one.name] = self.table.column(one.name)
                known[one.name] = [*known.get(one.name, ()), *values]
            known = {name: [*known.get(name, ()), *self.profile.sold] for name in columns}
            seen = perhaps_others(columns, known)
            if seen is not None:
                raise QuestionOpen(seen.column, Said(_OTHERS), seen.told, answer)
        elif said.values and told is not None:
            texts = told.values.to_pylist()
            if more := others_among(texts, [*said.values, *self.profile.sold]):
                raise QuestionOpen(told.name, Said(_OTHERS), more[:_SHOWN], answer)
            values = {one.casefold() for one in said.values}
            marks = np.asarray([text.casefold() in values for text in texts], dtype=bool)
            for at in np.flatnonzero(told.spread(marks, False)).tolist():  # noqa: FBT003
                problems.add(
                    self.table.row_number[at],
                    Outcome.REFUSED,
                    "other_document",
                    field=told.name,
                    found=told.shown(at),
                )

    def kinds(self) -> np.ndarray:
        """Tell credit notes from invoices as the profile says.

        A row before or after a correction is of an invoice: its sign tells what is taken back.
        """
        way, number = self.profile.credit_note, self.read["document_number"]
        credit = np.zeros(len(number.code), dtype=bool)
        if way is not None and way.number_prefix is not None:
            marks = pc.starts_with(number.values, way.number_prefix, ignore_case=True)
            credit |= number.spread(np.asarray(marks, dtype=bool), False)  # noqa: FBT003
        if way is not None and way.number_parts:
            marks = pc.match_substring_regex(number.values, with_parts(way.number_parts))
            credit |= number.spread(np.asarray(marks, dtype=bool), False)  # noqa: FBT003
        for told, values in self._kinds_told:
            credit |= told.spread(told_by(told.values, values), False)  # noqa: FBT003
        if self.table.returned is not None and self.profile.headed_returns == "returned":
            credit |= self.table.returned
        before, after = self._corrected
        credit &= ~(before | after)
        return np.where(credit, DocumentKind.CREDIT_NOTE, DocumentKind.INVOICE).astype(np.int8)

    def signed(self, kind: np.ndarray, quantity_milli: Ints) -> np.ndarray:
        """Take what is above zero in a credit note for sold where the source writes signs: asking is left to `ask`."""
        way = self.profile.credit_note
        if way is None or not way.signed:
            return kind
        sold = quantity_milli > 0
        if self.table.returned is not None:
            sold &= ~self.table.returned
        return np.where(sold, DocumentKind.INVOICE, kind).astype(np.int8)

    def taken_back(self, quantity_milli: Ints) -> np.ndarray:
        """Mark the rows before a correction whose signs do not say yet that they are taken back.

        Raises:
            QuestionOpen: The file seems to have such rows, and the profile does not say how it tells them.
        """
        said = self.profile.corrections
        if said is None and (seen := perhaps_corrected(self._others())) is not None:
            raise QuestionOpen(seen.column, Said(_CORRECTED), seen.told, Said(_("say corrections: in the profile")))
        before, _after = self._corrected
        if said is None or not said.before or (quantity_milli[before] <= 0).all():
            return np.zeros(len(quantity_milli), dtype=bool)
        return before

    def ask(self, sold: np.ndarray) -> None:
        """Ask whether goods came back that are sold by all that the profile says; ``sold`` marks such rows.

        Raises:
            QuestionOpen: A heading says that they came back, or their documents are called so.
        """
        before, after = self._corrected
        sold = sold & ~(before | after)
        if not sold.any():
            return
        quantity = self.read["quantity"]
        if self.table.returned is not None and self.profile.headed_returns is None:
            below = sold & self.table.returned
            if below.any():
                examples = [quantity.shown(at).strip("'") for at in np.flatnonzero(below)[:_SHOWN].tolist()]
                asked = Said(_("a heading says that these goods came back, and their quantities are above zero"))
                raise QuestionOpen(quantity.name, asked, examples, Said(_("say headed_returns: in the profile")))

        def sells(texts: Texts, values: Collection[str]) -> bool:
            return bool((np.asarray(pc.fill_null(among(texts, values), False), dtype=bool) & sold).any())  # noqa: FBT003

        self._ask_of_signed(sold)
        corrects = self.read.get("corrects")
        field = "product_name" if "product_name" in self.read else "product"
        goods = self.read.get(field)
        seen = called_returned(
            self._texts("document_number"),
            self._others() | {told.name: self.table.column(told.name) for told in self._telling},
            None if corrects is None else (corrects.name, self._texts("corrects")),
            sells,
            [*self.profile.sold, *self._no_sales],
            self.read["document_number"].values,
            None if goods is None else (goods.name, self._texts(field)),
            None if goods is None else goods.values,
        )
        if seen is not None:
            column = str(seen.credit_note.get("column", self.read["document_number"].name))
            raise QuestionOpen(column, Said(_RETURNED), seen.told, Said(_("say credit_note: or sold: in the profile")))
        self._ask_of_kinds(sells)

    def _ask_of_kinds(self, sells: Sells) -> None:
        """Ask what kinds of documents are that nobody knows: of the column that is read for them, or of the first."""
        told = {column.name: values for column, values in self._kinds_told}
        names = [*(one.name for one in self._telling), *self._others()]
        others = self.profile.other_documents
        if others is not None and not others.values:
            names = [name for name in names if name_key(name) != name_key(others.column)]  # all of them are sold
        columns = {name: self.table.column(name) for name in names}
        known = {*self.profile.sold, *self._no_sales, *(value for values in told.values() for value in values)}
        seen = unknown_among(self._texts("document_number"), columns.items(), sells, known)
        if seen is not None:
            answer = Said(_("say credit_note:, other_documents: or sold: in the profile"))
            raise QuestionOpen(seen.column, Said(_KINDS), seen.values[:_SHOWN], answer)

    def _ask_of_signed(self, sold: np.ndarray) -> None:
        """Ask about what is sold by documents whose numbers begin as those of credit notes with signs do."""
        way, number = self.profile.credit_note, self.read["document_number"]
        if way is None or not way.signed or way.number_prefix is None:
            return
        if way.number_prefix.casefold() in {word.casefold() for word in self.profile.sold}:
            return
        marks = pc.starts_with(number.values, way.number_prefix, ignore_case=True)
        rows = sold & number.spread(np.asarray(marks, dtype=bool), False)  # noqa: FBT003
        if rows.any():
            found = [number.shown(at).strip("'") for at in np.flatnonzero(rows)[:_SHOWN].tolist()]
            answer = Said(_("say signed: false under credit_note: or sold: in the profile"))
            raise QuestionOpen(number.name, Said(_RETURNED), found, answer)

    @property
    def _cancelling(self) -> list[str]:
        return [] if self.profile.cancelled is None else self.profile.cancelled.values

    @property
    def _no_sales(self) -> list[str]:
        """Give what rows are refused for: of those nobody asks whether goods came back."""
        others = self.profile.other_documents
        return [*self._cancelling, *([] if others is None else others.values)]

    @property
    def _telling(self) -> list[Column]:
        """Give the columns that are read for what their rows are: they may tell more than they were read for."""
        fields = ["other_documents", *(["cancelled"] if ANYTHING not in self._cancelling else ())]
        besides = [self.read[field] for field in fields if field in self.read]
        return [*(told for told, _values in self._kinds_told), *besides]

    @cached_property
    def _kinds_told(self) -> list[tuple[Column, list[str]]]:
        """Give the columns that tell credit notes, and what each holds for one."""
        way = self.profile.credit_note
        if way is None:
            return []
        told = columns_told(way.model_dump())
        fields = kinds_of_documents(way).items()
        return [(self.read[field], told[name]) for field, name in fields if field in self.read]

    @cached_property
    def _corrected(self) -> tuple[np.ndarray, np.ndarray]:
        """Mark the rows before a correction, and those after it, in the column that the profile names.

        Raises:
            QuestionOpen: Some read so, and the profile does not name them.
        """
        said, told = self.profile.corrections, self.read.get("corrected")
        if said is None or told is None:
            nothing = np.zeros(len(self.table.row_number), dtype=bool)
            return nothing, nothing
        texts = told.values.to_pylist()
        known = {one.casefold() for one in said.before}
        before = said_before(texts, known)
        others = [text for text in before if text.casefold() not in known]
        if said.before and others:
            raise QuestionOpen(told.name, Said(_CORRECTED), others, Said(_("say corrections: in the profile")))
        return _rows_of(told, before), _rows_of(told, said_after(texts, known))

    def _others(self) -> dict[str, Texts]:
        """Give the columns that are not read."""
        return {name: self.table.column(name) for name in self.table.header if name not in self.taken}

    def _texts(self, field: str) -> Texts:
        """Give what stands in the rows under a field, whether a column holds it or the profile."""
        given = self.table.given.get(field)
        if given is None:
            return self.table.column(self.read[field].name)
        return given.dictionary_decode() if isinstance(given, pa.DictionaryArray) else given


def _rows_of(column: Column, values: Sequence[str]) -> np.ndarray:
    """Mark the rows in whose cell one of these texts stands."""
    marks = np.asarray([text in values for text in column.values.to_pylist()], dtype=bool)
    return np.asarray(column.spread(marks, False), dtype=bool)  # noqa: FBT003
