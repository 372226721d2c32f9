"""How the files of one source are read: an import profile, as it stands in a programme's document."""

import codecs
import datetime as dt
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from app.domain.program_file.parts import Code, Part, Words


class CreditNote(Part):
    """How a file tells a credit note from an invoice: by one of these, or by several."""

    number_prefix: Code | None = Field(None, description="numbers that begin with it are credit notes")
    number_parts: list[Code] = Field([], description="letters anywhere in the numbers of credit notes, as a word")
    column: Words | None = Field(None, description="column that tells the kind of document")
    values: list[Words] = Field(
        [],
        description="what that column holds for a credit note; * alone is anything but a no, and in a text such as "
        "ZWROT* it stands for anything",
    )
    others: dict[Words, list[Words]] = Field({}, description="more columns that tell it, and what each holds for one")
    signed: bool = Field(
        default=False,
        description="their quantities have signs: what is above zero in them is asked about, and is no return",
    )

    @model_validator(mode="after")
    def _one_way(self) -> "CreditNote":
        if self.number_prefix is None and not self.number_parts and self.column is None:
            raise ValueError("expected one of number_prefix, number_parts, and column with values")
        if self.column is not None and not self.values:
            raise ValueError("column needs values: what it holds for a credit note")
        return self


class Cancelled(Part):
    """How a file tells rows of what was cancelled, or never issued: they do not count."""

    column: Words = Field(description="column that tells it")
    values: list[Words] = Field(
        [], description="what that column holds for such a row; * is anything but a no; none: no row is cancelled by it"
    )


class OtherDocuments(Part):
    """How a file tells rows of documents by which nothing was sold: offers, orders, pro formas, transfers."""

    column: Words = Field(description="column that tells it")
    values: list[Words] = Field(
        [], description="what that column holds for such a row; none: every row is sold, whatever it holds"
    )


class Corrections(Part):
    """How a file tells rows as they were before a correction from those after it: what changed is the difference."""

    column: Words = Field(description="column that tells it")
    before: list[Words] = Field(
        [], description="what that column holds for a row before a correction; none: every row is sold as it stands"
    )


DATE_ORDERS = ("dmy", "mdy", "ymd")
"""Orders of day, month and year: what a profile says instead of an exact format where a source is not so exact."""


def _date_format(value: str) -> str:
    """Take an order, or a strptime format that says year, month and day."""
    if value in (*DATE_ORDERS, "found"):
        return value
    day = dt.datetime(2023, 12, 31)  # noqa: DTZ001  # a day by itself, in no place
    try:
        understood = dt.datetime.strptime(day.strftime(value), value).date() == day.date()  # noqa: DTZ007
    except ValueError:
        understood = False
    if not understood:
        raise ValueError(
            'expected a strptime format of a whole date such as "%d.%m.%Y", or an order (dmy, mdy, ymd, found), '
            f"found {value!r}"
        )
    return value


def _encoding(value: str) -> str:
    try:
        found = codecs.lookup(value)
        "".encode(found.name)
    except LookupError:
        raise ValueError(f"expected an encoding such as cp1250 or utf-8, found {value!r}") from None
    return found.name


class Months(Part):
    """Months stand side by side: what is below a month becomes a line of that month's document."""

    series: Code = Field(description="numbers of the documents begin with it: SERIES-2025-12")
    quantity: Words | None = Field(
        None, description="the name over a month's quantities; none: nothing but the month stands over them"
    )
    net_amount: Words | None = Field(None, description="the name over a month's net amounts")
    year: int | None = Field(None, ge=1990, le=2200, description="of months that are named without one")

    @model_validator(mode="after")
    def _told_apart(self) -> "Months":
        if self.net_amount is not None and self.net_amount.casefold() == (self.quantity or "").casefold():
            raise ValueError(f"quantity and net_amount cannot both stand under {self.net_amount!r}")
        return self

    @property
    def fields(self) -> frozenset[str]:
        """Name the fields that the months give."""
        given = {"document_number", "issued_on", "quantity"}
        return frozenset(given if self.net_amount is None else given | {"net_amount"})


class NumberForm(Part):
    """How a column writes numbers."""

    decimal: Literal[".", ","] = Field(description="parts the decimals")
    thousands: Literal[".", ","] | None = Field(None, description="parts thousands; spaces and apostrophes always may")

    @model_validator(mode="after")
    def _told_apart(self) -> "NumberForm":
        if self.thousands == self.decimal:
            raise ValueError(f"{self.decimal!r} parts the decimals, so thousands must be parted otherwise")
        return self


KindOfFile: TypeAlias = Literal[
    "sales",
    "distributors",
    "people",
    "cards",
    "statements",
    "products",
    "rewards",
    "vouchers",
    "shipments",
    "deliveries",
    "rates",
    "targets",
    "events",
    "aliases",
    "adjustments",
]


class ImportProfile(Part):
    """How to read one kind of file from one source."""

    kind: KindOfFile | None = Field(None, description="where the profile's name is no kind")
    files: Words | None = Field(
        None, description="names of the files that `kontor import watch` reads by it, such as sales-*.csv"
    )
    header_key: Code | None = Field(
        None, description="what headers share that name the same columns: by it a file of this source is recognised"
    )
    columns: dict[Code, Words] = Field(description="our field -> the file's column")
    also: dict[Code, list[Words]] = Field(
        {}, description="our field -> what its column is called in other sheets, where it differs"
    )
    fixed: dict[Code, Words] = Field(
        {},
        description="our field -> what holds for every row: the file does not say it; <sheet> is each sheet's name, "
        "<title> what stands above its table behind the field's name",
    )
    sheet: Words | None = Field(None, description="name of the only sheet that is read")
    sheets: Literal["first", "visible"] | list[Words] = Field(
        "first", description="which sheets are read: visible means all that people see; or names, in which * stands in"
    )
    header: int | None = Field(
        None, ge=1, le=10_000, description="row in which the header begins; none: it is found by the columns' names"
    )
    header_rows: int = Field(1, ge=1, le=3, description="rows of the header; the names of a column are joined by ' / '")
    fill_down: list[Code] = Field(
        [], description="fields that are written in the first row only of those that share them"
    )
    months: Months | None = None
    dates: Annotated[Words, AfterValidator(_date_format)] | None = Field(
        None,
        description="of dates written as text: dmy, mdy or ymd; found: the order that the column proves; or an exact "
        "strptime format; none: 2025-12-31",
    )
    decimal: Literal[".", ",", "found"] = Field(".", description="found: the sign that each column proves")
    thousands: Literal[".", ","] | None = Field(
        None, description="parts thousands, where a source does so; spaces and apostrophes always may"
    )
    numbers: dict[Code, NumberForm] = Field(
        {}, description="fields whose numbers are written otherwise: a price with a point beside amounts with a comma"
    )
    encoding: Annotated[Words, AfterValidator(_encoding)] | None = Field(
        None, description="of a text file; none: it is found"
    )
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = Field(
        None, description="between the cells of a text file; none: it is found"
    )
    credit_note: CreditNote | None = None
    sold: list[Words] = Field(
        [],
        description="what reads as if goods came back, or as if nothing was sold, and is sold: words in numbers of "
        "documents, kinds of them, or the name of a column of what is corrected",
    )
    corrections: Corrections | None = None
    headed_returns: Literal["returned", "sold"] | None = Field(
        None, description="quantities above zero below a title, or in a sheet, that says returns: what they are"
    )
    cancelled: Cancelled | None = None
    other_documents: OtherDocuments | None = None
    unknown_distributor: Literal["hold", "create", "reject"] = "hold"
    unknown_product: Literal["hold", "create", "reject"] = "hold"
    line_number: Literal["position"] | Words = Field(
        "position", description="position: the line's place within its document; else the column that numbers it"
    )
    changed_documents: Literal["hold", "correct"] = Field(
        "hold", description="same number, other content: hold it for a person, or let this source correct itself"
    )

    @model_validator(mode="after")
    def _not_twice(self) -> "ImportProfile":
        if self.sheet is not None and self.sheets != "first":
            raise ValueError("expected either sheet or sheets")
        if self.thousands is not None and self.thousands == self.decimal:
            raise ValueError(f"{self.decimal!r} parts the decimals, so thousands must be parted otherwise")
        given = [*self.columns, *self.fixed, *(self.months.fields if self.months else ())]
        twice = sorted({field for field in given if given.count(field) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} would come from two places: from columns, fixed and months only one")
        strange = sorted(set(self.fill_down) - set(self.columns))
        if strange:
            raise ValueError(f"fill_down names {', '.join(strange)}, for which there is no column")
        strange = sorted(set(self.also) - set(self.columns))
        if strange:
            raise ValueError(f"also names {', '.join(strange)}, for which there is no column")
        strange = sorted(set(self.numbers) - self.fields)
        if strange:
            raise ValueError(f"numbers names {', '.join(strange)}, for which there is no column")
        return self

    def signs_of(self, field: str) -> tuple[str, str | None]:
        """Give what parts the decimals of a field's numbers, and what their thousands."""
        form = self.numbers.get(field)
        return (self.decimal, self.thousands) if form is None else (form.decimal, form.thousands)

    @property
    def last_header_row(self) -> int | None:
        """Give the row, as people number them, in which the header ends; None where it is to be found."""
        return None if self.header is None else self.header + self.header_rows - 1

    @property
    def fields(self) -> frozenset[str]:
        """Name the fields that a file read by this profile has."""
        return frozenset({*self.columns, *self.fixed, *(self.months.fields if self.months else ())})
