"""What commands print: one JSON document, or lines for people; and what their exit codes mean."""

import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

OK = 0
FOUND_WRONG = 1
"""A check found something wrong, or an import could not be finished."""
USAGE = 2
REFUSED = 3
"""What was given cannot be used: a file, a programme, an amount. The message says why and what to do."""
NOT_FOUND = 4
"""There is nothing of what was asked for: no such row, or nothing in the days that were said."""
UNAVAILABLE = 5
"""The servers could not be started or reached."""
FAULT = 70
"""A fault of Kontor's own; what happened is in its log."""


class Failure(click.ClickException):
    """A command that cannot do what it was asked; its message says why, its code what kind of why."""

    def __init__(
        self, message: str, code: int, problems: list[str] | None = None, *, as_json: bool | None = None
    ) -> None:
        """Take the message, the exit code, and single problems where there are several.

        ``as_json``: print it as a document; where it is not said, as the command's ``--json`` says.
        """
        super().__init__(message)
        self.exit_code = code  # type: ignore[misc]  # click reads it from the instance
        self.problems = problems or [message]
        if as_json is None:
            context = click.get_current_context(silent=True)  # gone when click calls show()
            as_json = context is not None and bool(context.params.get("as_json"))
        self._as_json = as_json

    def show(self, file: Any = None) -> None:
        """Print the message; with ``--json`` as a document."""
        if self._as_json:
            click.echo(json.dumps({"error": self.problems, "exit_code": self.exit_code}, ensure_ascii=False))
        else:
            say(self.problems)


def say(problems: Iterable[str]) -> None:
    """Tell people, beside what a command prints, what is wrong."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for problem in problems:
        console.print(f"[red]error:[/red] {_escaped(problem)}")


def speak() -> None:
    """Write so that everybody can read it: UTF-8 where it goes into a file or a pipe, and no letter ends a command.

    A terminal that has other letters is shown ? for those that it lacks.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # none where whoever called us has closed it
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")


def _escaped(text: str) -> str:
    return text.replace("[", "\\[")


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command its ``--json``."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON document on standard output, and nothing else there."
    )(command)


def print_json(document: dict[str, Any]) -> None:
    """Print the one document of a ``--json``."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def print_table(title: str, headers: list[str], rows: list[list[str]], right: frozenset[int] = frozenset()) -> None:
    """Print a table for people; columns in ``right`` are figures, which are never broken.

    Where a terminal is too narrow for that, each row is printed as lines, one for each of its cells.
    """
    needed = sum(_least_width(at, header, rows, right) + 3 for at, header in enumerate(headers)) + 1
    on_terminal = sys.stdout is not None and sys.stdout.isatty()  # none where whoever called us has closed it
    console = Console(highlight=False, width=None if on_terminal else max(160, needed))
    if needed > console.width:
        _print_below_each_other(title, headers, rows)
        return
    table = Table(title=title, title_justify="left", header_style="bold")
    for at, header in enumerate(headers):
        figures = at in right
        table.add_column(header, justify="right" if figures else "left", no_wrap=figures, overflow="fold")
    for row in rows:
        table.add_row(*(_escaped(cell) for cell in row))
    console.print(table)


_BROKEN_FROM = 12
"""Words longer than this may be broken, in characters: a name of many syllables, a hash, a path."""


def _least_width(at: int, header: str, rows: list[list[str]], right: frozenset[int]) -> int:
    """Tell how narrow a column may be, in characters: figures are whole, of texts each word is."""
    cells = [header, *(row[at] for row in rows)]
    if at in right:
        return max(map(cell_len, cells))
    return min(_BROKEN_FROM, max((cell_len(word) for cell in cells for word in cell.split()), default=1))


def _print_below_each_other(title: str, headers: list[str], rows: list[list[str]]) -> None:
    wide = max(map(cell_len, headers))
    click.echo(title)
    for row in rows:
        click.echo()
        for header, cell in zip(headers, row, strict=True):
            click.echo(f"{header}{' ' * (wide - cell_len(header))}  {cell}".rstrip())


def figure(value: int, decimals: int = 0) -> str:
    """Write a whole number of smallest units for people: 1234567 with two decimals is 12 345.67."""
    sign, digits = "-" if value < 0 else "", str(abs(value)).zfill(decimals + 1)
    whole, part = (digits[:-decimals], digits[-decimals:]) if decimals else (digits, "")
    grouped = f"{int(whole):,}".replace(",", "\u00a0")
    return f"{sign}{grouped}.{part}" if part else f"{sign}{grouped}"


@contextmanager
def writing(out: Path | None) -> Iterator[None]:
    """Say so where a file cannot be written to the place that was named."""
    try:
        yield
    except OSError as problem:
        if out is None:
            raise
        raise Failure(f"{out} cannot be written ({problem}); name another place.", REFUSED) from None


@contextmanager
def failing(*errors: type[Exception], code: int = REFUSED) -> Iterator[None]:
    """Turn known errors of a use case into failures of the command."""
    try:
        yield
    except errors as error:
        raise Failure(str(error), code, getattr(error, "problems", None)) from None
