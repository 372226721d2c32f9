"""What many commands are told: of which programme, of which unit, on which day, by whom, and at most how much."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import click
from sqlalchemy.orm import Session

from app.cli.output import NOT_FOUND, USAGE, Failure, failing
from app.domain.states import Unit
from app.models.programs import Program


class Day(click.ParamType[dt.date]):
    """A day of the calendar, or with ``month`` the first day of a month."""

    def __init__(self, *, month: bool = False) -> None:
        """Say which of the two."""
        self.name = "month" if month else "day"
        self._format = "%Y-%m" if month else "%Y-%m-%d"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Show how it is written."""
        return "YYYY-MM" if self.name == "month" else "YYYY-MM-DD"

    def convert(self, value: str | dt.date, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        """Read it."""
        if isinstance(value, dt.date):
            return value
        try:
            return dt.datetime.strptime(value, self._format).date()  # noqa: DTZ007  # a day has no time zone
        except ValueError:
            example = dt.date(2026, 1, 31).strftime(self._format)
            self.fail(f"{value!r} is no {self.name}; write it such as {example}.", param, ctx)


_SAID = "app.cli.programme_said"

DAY, MONTH = Day(), Day(month=True)
PROGRAM = click.option("--program", "program_code", help="Code of the programme; not needed where there is only one.")
UNIT = click.option(
    "--unit",
    "unit_name",
    type=click.Choice(["points", "money"]),
    default="points",
    show_default=True,
    help="Points, or money that rules give directly.",
)


def at_most(count: int, order: str = "newest first") -> Callable[[Any], Any]:
    """Give the option that says how many of a list are wanted; ``order`` is that of the list."""
    return click.option(
        "--limit", type=click.IntRange(min=1), default=count, show_default=True, help=f"How many, {order}."
    )


LIMIT = at_most(20)


def by(does: str) -> Callable[[Any], Any]:
    """Give the option that names whoever does something."""
    return click.option("--by", help=f"Sign-in name of whoever {does}; by default the account on this machine.")


BY = by("does it")


def chosen_program(session: Session, code: str | None) -> Program:
    """Find the programme that is named, or the only one.

    Raises:
        Failure: There is none of this code, or several to choose from.
    """
    from sqlalchemy import select

    from app.services.setup import programs

    with failing(programs.NoSuchProgram, code=NOT_FOUND):
        if code is not None:
            return programs.program_by_code(session, code)
        known = session.scalars(select(Program.code).order_by(Program.code)).all()
        if len(known) != 1:
            raise Failure(f"Say which programme with --program: {', '.join(known) or 'there is none yet'}.", USAGE)
        return programs.program_by_code(session, known[0])


def said_program(session: Session, code: str | None) -> Program:
    """Find the programme that is named, or the only one; of the only one it is said, once a command, which that is.

    Files are brought into it: whoever names none should see whose it became.

    Raises:
        Failure: There is none of this code, or several to choose from.
    """
    program = chosen_program(session, code)
    told = click.get_current_context().find_root().meta
    if code is None and _SAID not in told:
        told[_SAID] = True
        click.echo(f"Programme {program.code}, the only one.", err=True)
    return program


def decimals_of(program: Program, unit: Unit) -> int:
    """Tell how many digits of an amount stand after the point."""
    return program.point_decimals if unit is Unit.POINTS else program.currency_decimals
