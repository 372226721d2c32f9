"""What commands print, wherever it goes: a narrow terminal, a full disk, nowhere, and a system without our letters."""

import io
import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from app.cli.output import print_table
from app.config import PROJECT

HEADERS = ["Code", "Name", "Available"]
ROWS = [["D-1", "Łódzkie Hurtownie Narzędzi i Elektronarzędzi", "1\u00a0234\u00a0567.00"]]
FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def printed(monkeypatch: pytest.MonkeyPatch, columns: int) -> list[str]:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    print_table("Accounts", HEADERS, ROWS, frozenset({2}))
    return click.unstyle(terminal.getvalue()).splitlines()


def kontor(*words: str, **given: object) -> subprocess.CompletedProcess[bytes]:
    """Run a command by itself: without a terminal, and with what the system gives it."""
    run: subprocess.CompletedProcess[bytes] = subprocess.run(  # type: ignore[call-overload]
        [sys.executable, "-m", "app.cli.main", *words],
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        check=False,
        **({"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | given),
    )
    return run


@pytest.mark.parametrize("columns", [50, 80, 200])
def test_figures_are_whole_in_a_table_of_any_width(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    lines = printed(monkeypatch, columns)
    assert "1\u00a0234\u00a0567.00" in "\n".join(lines)
    assert max(map(len, lines)) <= columns


def test_a_row_that_a_terminal_is_too_narrow_for_stands_below_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    assert printed(monkeypatch, 30) == [
        "Accounts",
        "",
        "Code       D-1",
        "Name       Łódzkie Hurtownie Narzędzi i Elektronarzędzi",
        "Available  1\u00a0234\u00a0567.00",
    ]


def test_what_goes_into_a_pipe_is_as_wide_as_it_has_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("Many", [f"No. {at}" for at in range(40)], [["1"] * 40], frozenset(range(40)))
    assert "No. 39" in capsys.readouterr().out.splitlines()[2]


def test_a_table_that_nobody_listens_to_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    print_table("Accounts", HEADERS, ROWS, frozenset({2}))


@needs_full
@pytest.mark.parametrize("words", [("--help",), ("program", "schema"), ("program", "load", "--json")])
def test_a_disk_that_is_full_is_told_beside(words: tuple[str, ...]) -> None:
    with FULL.open("wb") as full:
        run = kontor(*words, stdout=full)
    said = run.stderr.decode()
    assert "Traceback" not in said
    assert "No space left on device" in said
    assert run.returncode == 3


@pytest.mark.parametrize("encoding", ["ascii", "iso-8859-2"])
def test_a_pipe_is_given_utf_8_whatever_letters_the_system_has(
    encoding: str, environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    run = kontor("program", "export", "Łódź–1", "--json")
    assert "'Łódź–1'" in json.loads(run.stdout.decode("utf-8"))["error"][0]
    assert "'Łódź–1'" in kontor("program", "export", "Łódź–1").stderr.decode("utf-8")


def test_a_password_is_asked_on_a_terminal_alone(environment: Path) -> None:
    run = kontor("user", "add", "ann@example.com", "--owner")
    assert run.returncode == 2
    assert run.stderr.decode().strip() == (
        "error: There is no terminal to ask for the password; give it with --password-stdin."
    )
