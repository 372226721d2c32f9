"""`kontor liability`, `kontor periods`: what was owed at any day, and months of the books."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from app.cli.options import BY, DAY, MONTH, PROGRAM, chosen_program
from app.cli.output import NOT_FOUND, Failure, failing, figure, json_option, print_json, print_table, writing
from app.cli.running.runtime import Runtime, operator, runtime
from app.db.transaction import transaction
from app.domain.measures.calendar import local_date
from app.domain.points.breakage import expected
from app.models.periods import PeriodClosing
from app.models.programs import Program
from app.services.books import history, owed, periods
from app.services.books.booking import Basis
from app.services.books.totals import Until, totals_of


@contextmanager
def _at_work(program_code: str | None) -> Iterator[tuple[Session, Program, Runtime]]:
    """Give a transaction on the programme; what cannot be done becomes a sentence."""
    with runtime() as run, failing(periods.PeriodError), transaction(run.registry) as session:
        yield session, chosen_program(session, program_code), run


@click.command()
@PROGRAM
@click.option("--on", "on", type=DAY, help="At the end of this day; by default today.")
@click.option(
    "--basis",
    type=click.Choice([one.value for one in Basis]),
    default=Basis.BOOKS.value,
    show_default=True,
    help="As the books have it, or as it was recorded by then.",
)
@click.option("--xlsx", type=click.Path(dir_okay=False, path_type=Path), help="Write a workbook here, with the months.")
@json_option
def liability(program_code: str | None, on: dt.date | None, basis: str, xlsx: Path | None, as_json: bool) -> None:
    """Show what was owed in points at the end of any day, by tier, by who pays and by when it ends."""
    with _at_work(program_code) as (session, program, run):
        day = on or local_date(run.now(), program.time_zone)
        totals = totals_of(session, program, until=Until(day, Basis(basis)))
        parts = owed.parts_of(totals)
        breakage = history.breakage_in(totals)
        if xlsx is not None:
            from app.exports.books import write_books

            with writing(xlsx):
                write_books(xlsx, program, parts, history.months_of(totals))
        code, sponsor, decimals, minor = (
            program.code,
            program.sponsor,
            program.point_decimals,
            program.currency_decimals,
        )
    worths = owed.worths_of(parts)
    total = owed.Sum.of([one for one in parts if not one.debt])
    if as_json:
        document = {"program": code, "on": day.isoformat(), "basis": basis, "points": total.points}
        estimate = breakage and {
            "rate_bp": breakage.rate_bp,
            "low_bp": breakage.low_bp,
            "high_bp": breakage.high_bp,
            "months": breakage.cohorts,
            "points": expected(total.points, breakage.rate_bp),
        }
        print_json(
            document | {"worth_minor": total.worth_minor, "breakage": estimate, "parts": [*map(_part, parts, worths)]}
        )
        return
    cells = [
        [
            one.tier or "",
            one.funded_by or sponsor,
            _ends(one),
            figure(one.points, decimals),
            figure(worth, minor),
        ]
        for one, worth in zip(parts, worths, strict=True)
    ]
    cells.append(["", "", "Total", figure(total.points, decimals), figure(total.worth_minor, minor)])
    print_table(f"Owed on {day}", ["Tier", "Funded by", "Ends", "Points", "Worth"], cells, frozenset({3, 4}))
    if breakage is not None:
        click.echo(
            f"Never to be claimed: {breakage.rate_bp / 100:.2f} % ({breakage.low_bp / 100:.2f} to "
            f"{breakage.high_bp / 100:.2f} %), by {breakage.cohorts} months that have run off."
        )


def _part(one: owed.Part, worth_minor: int) -> dict[str, Any]:
    return {
        "tier": one.tier,
        "funded_by": one.funded_by,
        "ends": _ends(one),
        "points": one.points,
        "worth_minor": worth_minor,
    }


def _ends(one: owed.Part) -> str:
    if one.debt:
        return "owed by accounts"
    if one.idle:
        return "when idle"
    return f"{one.month_on:%Y-%m}" if one.month_on is not None else "never"


@click.group(name="periods")
def periods_() -> None:
    """Months of the books: open and closed ones, closing them, and opening one again by two people."""


@periods_.command("list")
@PROGRAM
@json_option
def list_(program_code: str | None, as_json: bool) -> None:
    """List the months of the books, the newest first, with the hash of each that is closed."""
    with _at_work(program_code) as (session, program, _run):
        code, decimals = program.code, program.point_decimals
        months = [_month(one) for one in periods.months(session, program)]
    if as_json:
        print_json({"program": code, "months": months})
        return
    cells = [
        [one["month"], one["state"], figure(one["change"], decimals), one["closed_by"] or "", one["sha256"] or ""]
        for one in months
    ]
    print_table("Months of the books", ["Month", "State", "Change", "Closed by", "Hash"], cells, frozenset({2}))


def _month(one: periods.MonthSeen) -> dict[str, Any]:
    closing = one.closing
    return {
        "month": f"{one.month_on:%Y-%m}",
        "state": "open" if closing is None else "asked" if closing.asked_at is not None else "closed",
        "change": one.total,
        "totals": {kind.name.lower(): amount for kind, amount in sorted(one.totals.items())},
        "closed_by": closing and closing.closed_by,
        "sha256": closing and closing.sha256.hex(),
    }


@periods_.command("close")
@click.argument("month", type=MONTH, metavar="MONTH")
@PROGRAM
@BY
@json_option
def close(month: dt.date, program_code: str | None, by: str | None, as_json: bool) -> None:
    """Close every open month up to MONTH (YYYY-MM): from then on nothing is booked in them."""
    with _at_work(program_code) as (session, program, run):
        closed = periods.close(session, program, month, actor=by or operator(), now=run.now())
    names = [f"{one:%Y-%m}" for one in closed]
    _say({"closed": names}, f"Closed: {', '.join(names)}.", as_json)


@periods_.command("ask")
@PROGRAM
@click.option("--why", required=True, help="The reason, for whoever agrees.")
@BY
@json_option
def ask(program_code: str | None, why: str, by: str | None, as_json: bool) -> None:
    """Ask for the newest closed month to be opened again; a second person agrees."""
    with _at_work(program_code) as (session, program, run):
        closing = _newest(session, program)
        periods.ask_to_reopen(session, program, closing.id, why=why, actor=by or operator(), now=run.now())
        month = f"{closing.month_on:%Y-%m}"
    _say({"month": month, "state": "asked"}, f"{month} waits for a second person.", as_json)


@periods_.command("decide")
@click.argument("verdict", type=click.Choice(["open", "leave"]))
@PROGRAM
@BY
@json_option
def decide(verdict: str, program_code: str | None, by: str | None, as_json: bool) -> None:
    """Agree to opening the newest closed month again, or leave it closed."""
    with _at_work(program_code) as (session, program, run):
        closing = _newest(session, program)
        done = periods.reopen if verdict == "open" else periods.leave_closed
        done(session, program, closing.id, actor=by or operator(), now=run.now())
        month = f"{closing.month_on:%Y-%m}"
    state = "open" if verdict == "open" else "closed"
    _say({"month": month, "state": state}, f"{month} is {state}.", as_json)


def _newest(session: Session, program: Program) -> PeriodClosing:
    closing = periods.newest_closing(session, program)
    if closing is None:
        raise Failure("No month is closed.", NOT_FOUND)
    return closing


def _say(document: dict[str, Any], sentence: str, as_json: bool) -> None:
    if as_json:
        print_json(document)
    else:
        click.echo(sentence)
