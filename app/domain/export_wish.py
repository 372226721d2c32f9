"""What is asked of an export: a history, programmes, days, filters, columns and a kind of file; and when anew."""

import datetime as dt
from typing import Annotated, Any

from pydantic import Field, model_validator

from app.domain.measures.calendar import months_after
from app.domain.program_file.parts import Code, Date, Part
from app.domain.states import ExportForm, ExportRhythm, ExportSpan, ExportSubject

MOST_CHOSEN = 500
"""Values of one filter: who wants more takes all, and filters in the file."""

LONGEST_PDF = 1_000
"""Rows of a PDF: it is read page by page, and nobody reads more."""


class Narrowing(Part):
    """Which rows: those that have one of the values named, of each filter that names any."""

    distributors: list[Code] = Field([], max_length=MOST_CHOSEN)
    cards: list[Code] = Field([], max_length=MOST_CHOSEN, description="last four digits")
    states: list[Code] = Field([], max_length=MOST_CHOSEN)
    kinds: list[Code] = Field([], max_length=MOST_CHOSEN)
    sources: list[Code] = Field([], max_length=MOST_CHOSEN, description="of funding")
    runs: list[Annotated[int, Field(ge=1, le=2**63 - 1)]] = Field([], max_length=MOST_CHOSEN)
    batches: list[Annotated[int, Field(ge=1, le=2**63 - 1)]] = Field([], max_length=MOST_CHOSEN)

    @property
    def used(self) -> dict[str, list[Any]]:
        """Give the filters that narrow anything."""
        return {name: values for name, values in self.model_dump().items() if values}


class Shape(Part):
    """Everything of an export but its days: what can be kept under a name and asked for again."""

    subject: ExportSubject
    programs: list[Code] = Field(min_length=1, max_length=MOST_CHOSEN)
    narrowing: Narrowing = Narrowing()
    columns: list[Code] = Field([], max_length=100, description="keys in their order; none: the usual ones")
    form: ExportForm = ExportForm.XLSX
    language: Code = "en"

    @model_validator(mode="after")
    def _each_once(self) -> "Shape":
        for name, values in (("programs", self.programs), ("columns", self.columns)):
            if len(set(values)) < len(values):
                raise ValueError(f"{name}: something stands there twice")
        return self


class Wish(Shape):
    """An export as it was asked for."""

    from_on: Date
    to_on: Date

    @model_validator(mode="after")
    def _in_order(self) -> "Wish":
        if self.from_on > self.to_on:
            raise ValueError(f"The period ends on {self.to_on}, before it begins on {self.from_on}.")
        return self

    @classmethod
    def of(cls, shape: Shape, days: tuple[dt.date, dt.date]) -> "Wish":
        """Ask for a shape, of some days."""
        return cls(**{name: getattr(shape, name) for name in Shape.model_fields}, from_on=days[0], to_on=days[1])


def days_of(span: ExportSpan, today: dt.date) -> tuple[dt.date, dt.date]:
    """Give the first and the last day of a span, as it is asked for on a day. It never reaches beyond yesterday."""
    yesterday = today - dt.timedelta(days=1)
    month = today.replace(day=1)
    if span is ExportSpan.DAY:
        return yesterday, yesterday
    if span is ExportSpan.WEEK:
        monday = today - dt.timedelta(days=today.weekday() + 7)
        return monday, monday + dt.timedelta(days=6)
    if span is ExportSpan.MONTH:
        return months_after(month, -1), month - dt.timedelta(days=1)
    if span is ExportSpan.QUARTER:
        first = months_after(month, -((today.month - 1) % 3))
        return months_after(first, -3), first - dt.timedelta(days=1)
    first = yesterday.replace(day=1) if span is ExportSpan.MONTH_SO_FAR else yesterday.replace(month=1, day=1)
    return first, yesterday


def next_day(rhythm: ExportRhythm, at: int, after: dt.date) -> dt.date | None:
    """Give the next day, later than ``after``, on which a plan is due; None: never by itself.

    ``at`` is the weekday (Monday 1) of a weekly one, or the day of the month: the last, where a month has no such day.
    """
    if rhythm is ExportRhythm.NEVER:
        return None
    if rhythm is ExportRhythm.DAILY:
        return after + dt.timedelta(days=1)
    if rhythm is ExportRhythm.WEEKLY:
        return after + dt.timedelta(days=(at - after.isoweekday() - 1) % 7 + 1)
    this = _in_month(after.replace(day=1), at)
    return this if this > after else _in_month(months_after(after.replace(day=1), 1), at)


def _in_month(first: dt.date, at: int) -> dt.date:
    last = months_after(first, 1) - dt.timedelta(days=1)
    return min(first + dt.timedelta(days=at - 1), last)
