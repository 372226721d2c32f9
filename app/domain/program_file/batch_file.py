"""Files of card operators: how the loads of a batch are written for one, and how its answers are read.

An operator that takes files has a layout of its own: which columns in which order, of fixed width or with a delimiter,
with a record before and after the loads that counts and sums them. A template says all that; what it says wrongly is
refused where it is set up, with place and what was expected.
"""

import re
import string
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from app.domain.program_file.fixed_answers import AnswerRecord, FixedAnswers
from app.domain.program_file.parts import Part, Words
from app.domain.typed.card_numbers import holds_card_number
from app.domain.typed.encodings import text_encoding

OfLoad: TypeAlias = Literal[
    "reference",
    "requires",
    "token",
    "last4",
    "amount",
    "currency",
    "kind",
    "code",
    "holder",
    "line",
    "batch",
    "date",
    "program",
]
"""What a column may hold: of the load, of the card, of the file."""

OfFile: TypeAlias = Literal["count", "sum", "currency", "batch", "date", "program"]
"""What a field of the records before and after the loads may hold."""

NEEDED: tuple[OfLoad, ...] = ("reference", "token", "amount")
"""What a column must hold: without it no load can be told or made."""

UNCUT: tuple[OfLoad, ...] = (*NEEDED, "requires")
"""What of a load says something else when it is cut. Nothing is cut that the records before and after hold."""

IN_NAMES = ("program", "run", "batch", "date")
"""What a file's name may be made of."""


def _no_card_number(value: str) -> str:
    if holds_card_number(value):
        raise ValueError("looks like the number of a payment card, which no file may hold")
    return value


def _file_name(value: str) -> str:
    try:
        named = [name for _, name, _, _ in string.Formatter().parse(value) if name is not None]
    except ValueError:
        named = ["?"]
    if "batch" not in named or set(named) - set(IN_NAMES):
        raise ValueError(
            f"expected a name with {{batch}}, and of {{program}}, {{run}} and {{date}} what is wanted, found {value!r}"
        )
    if not re.fullmatch(r"[A-Za-z0-9{][A-Za-z0-9._{}-]*", value):
        raise ValueError(f"expected letters, digits, dots, hyphens and underscores, found {value!r}")
    return value


Text: TypeAlias = Annotated[str, Field(max_length=100), AfterValidator(_no_card_number)]


class Shape(Part):
    """How a field of a fixed width is filled up."""

    width: int | None = Field(None, ge=1, le=500, description="characters in a file of fixed width")
    align: Literal["left", "right"] = "left"
    pad: Literal[" ", "0"] = " "
    cut: bool = Field(default=False, description="a longer text is cut; else it is refused")


class Column(Shape):
    """A column of the loads: what it holds, or a text that is the same on every line."""

    title: Words | None = None
    holds: OfLoad | None = None
    text: Text | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "Column":
        if (self.holds is None) == (self.text is None):
            raise ValueError("expected either holds or text")
        if self.cut and self.holds in UNCUT:
            raise ValueError(f"{self.holds} must not be cut")
        return self


class Mark(Shape):
    """A field of the record before or after the loads."""

    holds: OfFile | None = None
    text: Text | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "Mark":
        if (self.holds is None) == (self.text is None):
            raise ValueError("expected either holds or text")
        if self.cut and self.holds is not None:
            raise ValueError(f"{self.holds} must not be cut")
        return self


class FileAnswer(Part):
    """The first wave: whether the operator took the file as a whole. Known by its column."""

    column: Words
    accepted: list[Words] = Field(min_length=1)
    refused: list[Words] = Field(min_length=1)
    file: Words | None = Field(None, description="column that names our file")
    message: Words | None = None


class LineAnswers(Part):
    """The second wave: what became of each load."""

    reference: Words = "reference"
    result: Words = "result"
    code: Words | None = "code"
    message: Words | None = "message"
    amount: Words | None = "amount"
    loaded: list[Words] = Field(["loaded"], min_length=1)
    failed: list[Words] = Field(["failed"], min_length=1)
    unknown: list[Words] = Field(["unknown"])

    @model_validator(mode="after")
    def _each_once(self) -> "LineAnswers":
        said = [word.casefold() for word in (*self.loaded, *self.failed, *self.unknown)]
        twice = sorted({word for word in said if said.count(word) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} would mean two things")
        return self


class Answers(Part):
    """How the operator's response files are read: its columns and codes."""

    decimal: Literal[".", ","] = "."
    amounts: Literal["decimal", "minor"] = "decimal"
    file: FileAnswer | None = None
    lines: LineAnswers = LineAnswers()
    fixed_width: FixedAnswers | None = Field(None, description="where the fields stand; none: a table with a header")

    @model_validator(mode="after")
    def _fields_are_there(self) -> "Answers":
        fixed = self.fixed_width
        if fixed is not None:
            _require_fields(fixed.lines, "lines", self.lines.reference, self.lines.result)
            if fixed.file is not None and self.file is None:
                raise ValueError("fixed_width.file: answers.file does not say what its words mean")
            if fixed.file is not None and self.file is not None:
                _require_fields(fixed.file, "file", self.file.column)
        return self


def _require_fields(record: AnswerRecord, place: str, *needed: str) -> None:
    titles = {one.title.casefold() for one in record.fields}
    missing = [one for one in needed if one.casefold() not in titles]
    if missing:
        raise ValueError(f"fixed_width.{place}: no field has the title {', '.join(missing)}")


class BatchFile(Part):
    """How the files for one card operator are written, and how its answers are read."""

    format: Literal["csv", "xlsx", "fixed_width"] = "csv"
    name: Annotated[str, AfterValidator(_file_name)] = "{program}-{date}-{batch}.csv"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    quoted: bool = Field(default=False, description="every text in quotes, not only where it must be")
    encoding: Annotated[str, AfterValidator(text_encoding)] = "utf-8"
    line_end: Literal["crlf", "lf"] = "crlf"
    decimal: Literal[".", ","] = "."
    amounts: Literal["decimal", "minor"] = Field("decimal", description="minor: whole cents, without a sign")
    dates: Literal["%Y-%m-%d", "%Y%m%d", "%d.%m.%Y", "%d/%m/%Y"] = "%Y-%m-%d"
    titles: bool = Field(default=True, description="begin with the columns' titles")
    columns: list[Column] = Field(min_length=1, max_length=60)
    before: list[Mark] = Field([], description="a record before the loads")
    after: list[Mark] = Field([], description="a record after the loads")
    answers: Answers = Answers()

    @model_validator(mode="after")
    def _whole(self) -> "BatchFile":
        held = [one.holds for one in self.columns]
        missing = [name for name in NEEDED if name not in held]
        if missing:
            raise ValueError(f"columns: nothing holds {', '.join(missing)}; without it no load can be told or made")
        marks = [*self.before, *self.after]
        if self.format == "fixed_width":
            unsized = [at for at, one in enumerate([*self.columns, *marks], start=1) if one.width is None]
            if unsized:
                raise ValueError(f"a file of fixed width needs the width of every field; number {unsized[0]} has none")
        if self.format != "fixed_width" and self.titles and any(one.title is None for one in self.columns):
            raise ValueError("columns: every column needs a title, or titles: false")
        if self.format == "csv" and self.delimiter in '"\r\n' + self.decimal * (self.amounts == "decimal"):
            raise ValueError(f"delimiter: {self.delimiter!r} stands in the fields as well")
        if self.format == "xlsx" and (marks or not self.titles):
            raise ValueError("a workbook has titles, and no records before or after them")
        return self
