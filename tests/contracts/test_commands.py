"""Commands: each says what it does and takes, can give one JSON document, and ends with a code that is explained."""

import importlib
import re

import click
import pytest
from click.testing import CliRunner

from app.cli import output
from app.cli.main import COMMANDS as TABLE
from app.cli.main import main
from tests.contracts.commands import COMMANDS, LEAVES

IN_THE_FOREGROUND = {
    "up": "serves until it is stopped; what runs is told by `kontor status --json`",
    "worker": "a process that `kontor up` starts",
    "sweeper": "a process that `kontor up` starts",
    "web": "a process that `kontor up` starts",
}
"""Commands without ``--json``, and why: they end when they are told to, and have nothing to report."""


def test_every_command_of_the_table_loads() -> None:
    assert set(TABLE) <= set(COMMANDS)
    for words, place in TABLE.items():
        module, name = place.split(":")
        assert getattr(importlib.import_module(module), name) is COMMANDS[words]


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_says_what_it_does(words: str) -> None:
    said = CliRunner().invoke(main, [*words.split(), "--help"])
    assert said.exit_code == 0, said.output
    first = (COMMANDS[words].help or "").strip().splitlines()[:1]
    assert first, f"kontor {words} has no help"
    assert first[0][0].isupper()
    assert COMMANDS[words].get_short_help_str(limit=200).endswith((".", ":", "?"))


@pytest.mark.parametrize("words", COMMANDS)
def test_every_option_and_argument_is_explained(words: str) -> None:
    command = COMMANDS[words]
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"kontor {words} {parameter.opts[0]}"
        elif not isinstance(parameter.type, click.Choice):
            shown = parameter.make_metavar(click.Context(command)).strip("[].")
            assert re.search(rf"\b{re.escape(shown)}\b", command.help or ""), f"kontor {words}: what is {shown}?"


@pytest.mark.parametrize("words", LEAVES)
def test_a_command_can_answer_in_json(words: str) -> None:
    options = {name for parameter in LEAVES[words].params for name in parameter.opts}
    assert ("--json" in options) is (words not in IN_THE_FOREGROUND)


def test_commands_that_stay_in_the_foreground_are_commands() -> None:
    assert set(IN_THE_FOREGROUND) <= set(LEAVES)


def test_what_is_started_by_another_command_is_not_offered() -> None:
    hidden = {words for words, command in COMMANDS.items() if command.hidden}
    assert hidden == {"worker", "sweeper", "web"}


def test_every_exit_code_is_explained_in_the_help() -> None:
    codes = {
        output.OK,
        output.FOUND_WRONG,
        output.USAGE,
        output.REFUSED,
        output.NOT_FOUND,
        output.UNAVAILABLE,
    }
    assert len(codes) == 6
    explained = " ".join((main.help or "").split("Exit codes:")[1].split())
    assert {int(code) for code in re.findall(r"(?:^|; )(\d) \w", explained.strip())} == codes


def test_the_names_that_are_offered_are_one_word_each_in_lower_case() -> None:
    for words, command in COMMANDS.items():
        assert re.fullmatch(r"[a-z][a-z -]*|", words)
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert all(re.fullmatch(r"--[a-z][a-z0-9-]*|-[a-z]", name) for name in parameter.opts), words
