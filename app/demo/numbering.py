"""How distributors number their invoices: each has a habit and keeps it.

A number counts on from invoice to invoice, with gaps, because a distributor reports only the invoices that hold our
products. Counters that start anew every month have three digits throughout, so that two numbers of one distributor
stay different when separators and leading zeros are left out of the comparison.
"""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Habit(NamedTuple):
    """A pattern over the counter `n` and the date `d`, and when the counter starts anew: year, month or never."""

    pattern: str
    anew: str
    credit_note: str


HABITS = (
    Habit("FV/{n}/{d:%Y}", "year", "KOR/{n}/{d:%Y}"),
    Habit("FV {n:05d}/{d:%y}", "year", "KOR {n:04d}/{d:%y}"),
    Habit("FS-{n:04d}/{d:%m}/{d:%Y}", "month", "KOR-{n:04d}/{d:%Y}"),
    Habit("{n}/{d:%m}/{d:%Y}/FV", "month", "KOR {n}/{d:%Y}"),
    Habit("FV/{d:%Y}/{d:%m}/{n:04d}", "month", "KOR/{d:%Y}/{n:04d}"),
    Habit("F/{n:06d}/{d:%y}", "year", "KOR/F/{n:06d}/{d:%y}"),
    Habit("FA/{n}/MAG/{d:%Y}", "year", "KOR/{n}/MAG/{d:%Y}"),
    Habit("FVS{n:06d}", "never", "KORS{n:06d}"),
    Habit("Faktura {n}/{d:%Y}", "year", "KOR. {n}/{d:%Y}"),
    Habit("WEB-{d:%Y}-{n:06d}", "year", "KOR-WEB-{d:%Y}-{n:06d}"),
)
STARTS = {"year": 1, "month": 100, "never": 4_000}
BEFORE_THE_FIRST = 900  # the first year's counter had come this far when the programme began


def invoice_numbers(habit: Habit, dates: Sequence[dt.date], rng: np.random.Generator) -> list[str]:
    """Number one distributor's invoices, which come in the order of their dates."""
    numbers: list[str] = []
    period, count = "", 0
    for day in dates:
        current = {"year": f"{day:%Y}", "month": f"{day:%Y-%m}", "never": "all"}[habit.anew]
        if current != period:
            joined_late = BEFORE_THE_FIRST if habit.anew == "year" and not period else 0
            period, count = current, STARTS[habit.anew] + joined_late
        count += int(rng.integers(1, 12))
        numbers.append(habit.pattern.format(n=count, d=day))
    return numbers


def credit_note_numbers(habit: Habit, dates: Sequence[dt.date]) -> list[str]:
    """Number one distributor's credit notes, which come in the order of their dates: one counter per year."""
    numbers: list[str] = []
    year, count = 0, 0
    for day in dates:
        year, count = (year, count + 1) if day.year == year else (day.year, 1)
        numbers.append(habit.credit_note.format(n=count, d=day))
    return numbers
