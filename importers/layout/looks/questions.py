"""What a file does not say, and nobody may guess: questions with a key, and the answers that there are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from app.domain.typed.fields import KINDS, problems_of_columns
from importers.files.grid import Grid
from importers.layout.columns.months_seen import MonthsSeen
from importers.layout.columns.naming import Guesses
from importers.layout.documents.other_documents import PerhapsOthers
from importers.layout.documents.returned import PerhapsReturned
from importers.layout.documents.unknown_kinds import UnknownKinds
from importers.layout.rows.cancelled import PerhapsCancelled
from importers.layout.rows.corrected import PerhapsCorrected

RETURNED_OR_SOLD = ("returned", "sold")
"""What documents may be that are called credit notes, or stand below a heading that says returns."""
CANCELLED_OR_SOLD = ("cancelled", "sold")
"""What rows may be of which a column seems to say that they are cancelled."""

DIFFERENCE_OR_SOLD = ("difference", "sold")
"""What rows may be of which a column seems to say that they are as before or after a correction."""

NO_SALES_OR_SOLD = ("no_sales", "sold")
"""What rows may be of documents by which nothing seems to be sold."""
DELIVERIES_SOLD = "deliveries_sold"
"""Of those, what goods were delivered by is sold, and the others are not."""

SOLD_RETURNED_OR_NOT = ("sold", "returned", "no_sales")
"""What documents may be whose kind nobody knows."""

LINES_OR_NOT = ("lines", "left_out")
"""What further sheets may hold whose columns are called otherwise."""

MONTH_ALONE = "<month>"
"""Of months side by side: nothing but the month stands over their quantities."""
NO_AMOUNTS = "<none>"
"""None of the names over months is that of net amounts."""

Topic = Literal[
    "column",
    "dates",
    "decimal",
    "encoding",
    "fixed",
    "year",
    "month_quantity",
    "month_net_amount",
    "returned",
    "headed_returns",
    "cancelled",
    "other_documents",
    "corrections",
    "kind",
    "other_sheets",
    "sheet",
]


@dataclass(frozen=True)
class Question:
    """What the file does not say, and nobody may guess.

    Attributes:
        key: names it, for the answer: ``dates``, ``decimal``, ``encoding``, ``year``, ``month_quantity``,
            ``month_net_amount``, ``returned``, ``headed_returns``, ``cancelled``,
            ``other_documents``, ``corrections``, ``kind:WORD``, ``other_sheets``, ``sheet:NAME:FIELD``,
            ``column:FIELD`` or ``fixed:FIELD``.
        topic: what it is about.
        about: the column or field.
        options: the answers there are; empty: any text.
        examples: what stands in the file.
        rows: in which rows examples stand, as people number them: the first of each.
        optional: whether the answer may be that none of them is it.
    """

    key: str
    topic: Topic
    about: str
    options: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    optional: bool = False
    rows: tuple[int, ...] = ()
    lacking: bool = False


def about_encoding(grid: Grid) -> list[Question]:
    """Ask in which of several encodings a text is written."""
    if not grid.encodings:
        return []
    return [Question("encoding", "encoding", "", tuple(filter(None, (grid.encoding, *grid.encodings))))]


def about_sheets(called: Mapping[str, Mapping[str, str]]) -> list[Question]:
    """Ask whether further sheets hold lines too, whose columns are called otherwise: by sheet and field."""
    if not called:
        return []
    examples = dict.fromkeys(name for columns in called.values() for name in columns.values())
    return [Question("other_sheets", "other_sheets", ", ".join(called), LINES_OR_NOT, tuple(examples))]


def about_rows(
    returned: PerhapsReturned | None,
    headed: str | None,
    cancelled: PerhapsCancelled | None,
    corrected: PerhapsCorrected | None,
    others: PerhapsOthers | None,
    unknown: UnknownKinds | None,
) -> list[Question]:
    """Ask what rows are that may be no sales."""
    questions = []
    if corrected is not None:
        questions.append(Question("corrections", "corrections", corrected.column, DIFFERENCE_OR_SOLD, corrected.told))
    if returned is not None:
        questions.append(Question("returned", "returned", ", ".join(returned.told), RETURNED_OR_SOLD))
    if headed is not None:
        questions.append(Question("headed_returns", "headed_returns", headed, RETURNED_OR_SOLD))
    if cancelled is not None:
        questions.append(Question("cancelled", "cancelled", cancelled.column, CANCELLED_OR_SOLD, cancelled.told))
    if others is not None:
        both = 0 < len(others.delivered) < len(others.values)
        options = (*NO_SALES_OR_SOLD, DELIVERIES_SOLD) if both else NO_SALES_OR_SOLD
        questions.append(Question("other_documents", "other_documents", others.column, options, others.told))
    if unknown is not None:
        # a profile names one column of documents by which nothing is sold
        options = SOLD_RETURNED_OR_NOT if others is None else SOLD_RETURNED_OR_NOT[:2]
        questions += [Question(f"kind:{kind}", "kind", unknown.column, options, (kind,)) for kind in unknown.values]
    return questions


def about_columns(
    guesses: Guesses, months: MonthsSeen | None, kind: str, holds: Callable[[str, str], bool]
) -> list[Question]:
    """Ask for what no column holds that a kind needs, or more than one may, and how months are read.

    ``holds`` says of a field and the name of a column whether what stands there can be the field's.
    """
    mapped = guesses.columns.keys()
    questions = [
        Question(
            f"column:{wanted}",
            "column",
            wanted,
            tuple(several),
            optional=not problems_of_columns(kind, {*mapped - {wanted}, *KINDS[kind].needed(mapped) - {wanted}}),
        )
        for wanted, several in guesses.choices.items()
    ]
    given = months.fields if months else frozenset()
    lacking = sorted(KINDS[kind].needed(mapped) - mapped - given)
    if kind == "sales" and not (mapped | given) & {"unit_price", "net_amount"}:
        lacking.append("net_amount")
    for wanted in lacking:
        if wanted == "distributor":
            questions.append(Question("fixed:distributor", "fixed", wanted, lacking=True))
        else:
            others = (guesses.columns[one] for one in guesses.columns if one not in KINDS[kind].needed(mapped))
            perhaps = tuple(name for name in (*guesses.ignored, *others) if holds(wanted, name))
            questions.append(Question(f"column:{wanted}", "column", wanted, perhaps, lacking=True))
    if months and "quantity" in months.open:
        questions.append(
            Question("month_quantity", "month_quantity", "", tuple(one or MONTH_ALONE for one in months.labels))
        )
    if months and "net_amount" in months.open:
        questions.append(
            Question("month_net_amount", "month_net_amount", "", (*filter(None, months.labels), NO_AMOUNTS))
        )
    if months and months.year is None and any(one.startswith("0000") for one in months.months):
        without = [one for one in months.months if one.startswith("0000")]
        questions.append(Question("year", "year", ", ".join(without)))
    return questions
