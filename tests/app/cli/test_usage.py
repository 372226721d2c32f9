"""Every command, wrongly used: an answer in words, by the right code, and never a traceback."""

import errno
import os
import socket
import uuid
from pathlib import Path
from unittest.mock import Mock

import click
import pytest
from sqlalchemy import text

from app.cli import options
from app.cli.options import DAY, Day
from app.config import Settings, settings
from app.local.servers import Addresses
from tests.app.cli.conftest import Desk
from tests.contracts.commands import LEAVES

PROCESSES = {"up", "worker", "sweeper", "web"}
NOBODY = "no-programme-has-this-code"
NUMBER = "987654321"
ALSO = {
    "cards funding": ["--amount", "1.00"],
    "compensate": ["--from", "2026-01-01", "--to", "2026-01-31"],
    "convert": ["--from", "2026-01-01", "--to", "2026-01-31"],
    "explain": ["FV/1"],
    "simulate": ["--published"],
}
"""What these commands want said though none of it alone is required."""


@pytest.fixture(scope="module")
def code() -> str:
    """The programme of all of this file: what is used wrongly changes nothing in it."""
    return f"p-{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """Programmes that were loaded for this file."""
    return set()


@pytest.fixture
def desk(stranger: Desk, loaded: set[str]) -> Desk:
    """A desk with a small programme, loaded by whichever test is first."""
    if stranger.code not in loaded:
        stranger.load(stranger.programme())
        loaded.add(stranger.code)
    return stranger


def filled(command: click.Command, folder: Path) -> list[str]:
    """Give everything that a command asks for, so that only the programme is wrong."""
    words: list[str] = []
    for parameter in command.params:
        if parameter.name == "program_code" or not (parameter.required or parameter.name == "role_name"):
            continue
        kind = parameter.type
        if isinstance(kind, click.Choice):
            value = str(kind.choices[0])
        elif isinstance(kind, Day):
            value = "2026-01-31" if kind is DAY else "2026-01"
        elif isinstance(kind, click.Path):
            value = str(folder / "file.csv" if kind.file_okay else folder)
        elif isinstance(kind, click.IntRange):
            value = str(max(int(kind.min or 0), 1))
        elif isinstance(kind, click.types.IntParamType):
            value = "1"
        else:
            value = "somebody@example.org"
        words += [value] if isinstance(parameter, click.Argument) else [parameter.opts[0], value]
    return words


@pytest.mark.parametrize(
    "words",
    [words for words, command in LEAVES.items() if any(one.name == "program_code" for one in command.params)],
)
def test_a_programme_that_nobody_has_is_told_with_those_that_there_are(desk: Desk, words: str) -> None:
    desk.file("file.csv", "a,b\n1,2\n")
    command = LEAVES[words]
    given = filled(command, desk.folder)
    named = {parameter.name for parameter in command.params}
    if "password_stdin" in named:
        given.append("--password-stdin")
    given += ALSO.get(words, [])
    said = desk.error(*words.split(), *given, "--program", NOBODY, code=4, stdin="Correct-Horse-7-Battery\n")
    assert repr(NOBODY) in said
    assert desk.code in said


@pytest.mark.parametrize(
    "words",
    [
        words
        for words, command in LEAVES.items()
        if any(isinstance(one, click.Argument) and one.type is click.INT for one in command.params)
    ],
)
def test_a_number_that_nothing_has_is_told_in_a_sentence(desk: Desk, words: str) -> None:
    desk.file("file.csv", "reference,result\n")
    command = LEAVES[words]
    given = [NUMBER if word == "1" else word for word in filled(command, desk.folder)]
    if any(one.name == "program_code" for one in command.params):
        given += ["--program", desk.code]
    said = desk.error(*words.split(), *given, code=4)
    assert len(said.split()) > 3
    assert NUMBER in said or "somebody@example.org" in said


@pytest.mark.parametrize("words", [words for words in LEAVES if words not in PROCESSES])
def test_an_option_that_there_is_not_is_wrong_usage(stranger: Desk, words: str) -> None:
    assert "--colour" in stranger.error(*words.split(), "--colour", code=2)


@pytest.mark.parametrize("words", [words for words, command in LEAVES.items() if filled(command, Path("/"))])
def test_what_is_left_out_is_named(stranger: Desk, words: str) -> None:
    said = stranger.error(*words.split(), code=2)
    assert said.startswith(("Missing", "Say "))


def test_a_command_that_there_is_not_is_wrong_usage(stranger: Desk) -> None:
    assert "'improt'" in stranger.error("improt", code=2)
    assert "'lod'" in stranger.error("program", "lod", code=2)


@pytest.mark.parametrize("words", [("imports", "list"), ("documents",), ("convert", "list")])
@pytest.mark.parametrize("limit", ["0", "-1", "many"])
def test_a_list_has_at_least_one_place(stranger: Desk, words: tuple[str, ...], limit: str) -> None:
    assert "--limit" in stranger.error(*words, "--limit", limit, code=2)


def test_where_there_are_several_programmes_one_must_be_named(desk: Desk) -> None:
    desk.load(desk.programme(program={"code": f"{desk.code}-too"}))
    said = desk.error("balances", code=2)
    assert "--program" in said
    assert f"{desk.code}, {desk.code}-too" in said


@pytest.mark.parametrize("words", [("statement", "D1"), ("export", "top-ups")])
def test_a_period_ends_after_it_begins(desk: Desk, words: tuple[str, ...]) -> None:
    said = desk.error(*words, "--program", desk.code, "--from", "2026-02-01", "--to", "2026-01-31", code=3)
    assert "2026-01-31, before it begins on 2026-02-01" in said
    said = desk.error(*words, "--program", desk.code, "--from", "01.02.2026", "--to", "2026-01-31", code=2)
    assert "'01.02.2026' is no day; write it such as 2026-01-31." in said


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("KONTOR_WEB_PORT", "eighty", "KONTOR_WEB_PORT: input should be a valid integer"),
        ("KONTOR_WORKERS", "0", "KONTOR_WORKERS: input should be greater than or equal to 1."),
        ("DATABASE_URL", "kontor", "DATABASE_URL: expected an address such as postgresql+psycopg://"),
        ("DATABASE_URL", "mysql://db/kontor", "DATABASE_URL: expected an address such as postgresql+psycopg://"),
        ("DATABASE_OWNER_URL", "sqlite://", "DATABASE_OWNER_URL: expected an address such as postgresql+psycopg://"),
        ("REDIS_URL", "cache", "REDIS_URL: expected an address such as redis://"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(
    stranger: Desk, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    settings.cache_clear()
    for words in (("balances",), ("status",), ("stop",)):
        assert stranger.error(*words, code=2).startswith(said)


def test_a_home_is_a_folder(stranger: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KONTOR_HOME", str(stranger.file("my-home", "x") / "below"))
    settings.cache_clear()
    for words in (("program", "list"), ("status",), ("stop",)):
        assert stranger.error(*words, code=2).endswith("my-home is a file; name a folder.")


def test_a_home_that_cannot_be_made_is_told(stranger: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setenv("KONTOR_HOME", "/proc/kontor")
    settings.cache_clear()
    said = stranger.error("program", "list", code=5)
    assert "/proc" in said
    assert "KONTOR_HOME" in said


def test_a_home_that_may_not_be_looked_at_is_told(
    stranger: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def closed(path: object, *_: object, **__: object) -> os.stat_result:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setenv("KONTOR_HOME", str(tmp_path))
    with monkeypatch.context() as patched:
        patched.setattr(os, "stat", closed)
        assert Settings().home == tmp_path
    settings.cache_clear()
    for number in (errno.EACCES, errno.ENOSPC):
        refused = OSError(number, os.strerror(number), "/srv/kontor/files")
        monkeypatch.setattr("app.cli.programs.programs.runtime", Mock(side_effect=refused))
        assert f"(/srv/kontor/files: {os.strerror(number)})" in stranger.error("program", "list", code=3)


def test_addresses_may_leave_out_the_driver(desk: Desk, monkeypatch: pytest.MonkeyPatch, addresses: Addresses) -> None:
    for scheme in ("postgres", "postgresql"):
        monkeypatch.setenv("DATABASE_URL", addresses.database_url.replace("postgresql+psycopg", scheme))
        settings.cache_clear()
        assert desk.code in [one["code"] for one in desk.json("program", "list")["programs"]]


def test_servers_that_are_not_ours_are_named_by_their_setting(
    stranger: Desk, monkeypatch: pytest.MonkeyPatch, addresses: Addresses
) -> None:
    monkeypatch.setenv("DATABASE_URL", addresses.database_url)
    monkeypatch.setenv("REDIS_URL", addresses.redis_url)
    settings.cache_clear()
    told = stranger.json("status")
    assert (told["servers"], told["elsewhere"]) == ([], {"postgres": "DATABASE_URL", "valkey": "REDIS_URL"})
    assert "valkey      elsewhere, as REDIS_URL says" in stranger.run("status").stdout


def test_servers_that_do_not_answer_are_told(stranger: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        monkeypatch.setenv("DATABASE_URL", f"postgresql://nobody@127.0.0.1:{taken.getsockname()[1]}/nothing")
        settings.cache_clear()
        assert stranger.error("balances", code=5).startswith("The database does not answer: ")


def test_a_full_disk_of_the_database_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    full = text("do $$ begin raise exception 'no space left' using errcode = 'disk_full'; end $$")
    monkeypatch.setattr("app.services.tracing.balances.balances", lambda session, *_: session.execute(full))
    said = desk.error("balances", "--program", desk.code, code=5)
    assert said.startswith("The disk of the database is full (no space left")


def test_who_met_another_transaction_is_told_to_run_it_once_more(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL ends one of two transactions that wait for each other: here it says so of the command's."""
    ended = text("do $$ begin raise exception using errcode = 'deadlock_detected'; end $$")
    monkeypatch.setattr("app.services.tracing.balances.balances", lambda session, *_: session.execute(ended))
    assert desk.error("balances", "--program", desk.code, code=5).endswith("Run it once more.")


def test_the_application_must_not_be_the_owner(
    stranger: Desk, monkeypatch: pytest.MonkeyPatch, addresses: Addresses
) -> None:
    monkeypatch.setenv("DATABASE_URL", addresses.owner_url)
    settings.cache_clear()
    assert "own" in stranger.error("program", "list", code=5)


def test_up_says_so_where_its_port_is_taken(stranger: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        monkeypatch.setenv("KONTOR_WEB_PORT", port)
        settings.cache_clear()
        said = stranger.run("up", code=5).stderr
    assert f"port {port}" in said.replace("\n", " ")
    assert "KONTOR_WEB_PORT" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("convert", "show", "9223372036854775808"), "bigint out of range"),
        (("redemptions", "--limit", "99999999999999999999"), "bigint out of range"),
        (("events", "list", "--program", "\udcff"), "no text in UTF-8"),
    ],
)
def test_what_is_larger_than_any_is_no_fault_of_ours(desk: Desk, words: tuple[str, ...], said: str) -> None:
    program = () if "--program" in words or words[0] == "convert" else ("--program", desk.code)
    assert said in desk.error(*words, *program, code=3)


@pytest.mark.parametrize(
    "words", [("rewards", "sheet"), ("liability", "--xlsx"), ("import", "sample", "sales", "--to")]
)
def test_a_place_that_cannot_be_written_to_is_told(desk: Desk, words: tuple[str, ...]) -> None:
    of = "--program", desk.code
    assert "cannot be written" in desk.error(*words, str(desk.folder / "nowhere" / "x.xlsx"), *of, code=3)
    os.mkfifo(desk.folder / "pipe.xlsx")
    assert "it is no file" in desk.error(*words, str(desk.folder / "pipe.xlsx"), *of, code=3)
    assert (desk.folder / "pipe.xlsx").is_fifo(), "what is no file is not replaced"


def test_a_question_that_nobody_answers_ends_with_a_document(desk: Desk) -> None:
    assert desk.json("user", "add", "ann@example.com", "--owner", code=1)["exit_code"] == 1


def test_the_last_day_of_all_is_a_day(desk: Desk) -> None:
    assert desk.json("liability", "--program", desk.code, "--on", "9999-12-31")["points"] == 0


def test_a_fault_of_our_own_is_kept_in_a_log_and_told_in_a_sentence(
    desk: Desk, environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.tracing.balances.balances", lambda *_: 1 // 0)
    said = desk.error("balances", "--program", desk.code, code=70)
    log = environment / "log" / "faults.log"
    assert said == (
        "A fault of Kontor's own stopped the command (ZeroDivisionError: integer division or modulo by zero). "
        f"What happened is in {log}."
    )
    kept = log.read_text(encoding="utf-8")
    assert kept.count("Traceback") == 2  # for the person and for the script
    assert "kontor balances" in kept
    assert log.stat().st_mode & 0o077 == 0


def test_importing_commands_take_the_only_programme_and_say_which(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for words, command in LEAVES.items():
        of = [one for one in command.params if one.name == "program_code"]
        assert words.split()[0] not in ("import", "imports") or not any(one.required for one in of), words
    chosen = options.chosen_program  # other tests leave programmes of theirs: it finds ours alone
    monkeypatch.setattr(options, "chosen_program", lambda session, code: chosen(session, code or desk.code))
    told = desk.run("imports", "unmatched", "--accept-above", "100")
    assert told.stderr == f"Programme {desk.code}, the only one.\n"
    assert desk.run("imports", "unmatched", "--program", desk.code).stderr == ""
