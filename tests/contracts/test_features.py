"""docs/features.md: whatever it promises is done by something that is there and shown by a test that is there."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from flask import Flask
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

from app.cli.main import main
from app.config import PROJECT, settings
from app.factory import create_app
from app.local.servers import Addresses
from tests.contracts.commands import LEAVES
from tests.contracts.sources import nodes_of

PAGE = PROJECT / "docs/features.md"


@dataclass(frozen=True)
class Feature:
    """A row of the table."""

    row: str
    what: str
    where: str
    shown_by: str


def _features() -> list[Feature]:
    if not PAGE.exists():
        return []
    found = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == 4 and re.fullmatch(r"[A-Z]\d+([,– -]+[A-Z]?\d+)*", cells[0].strip("`*")):
            found.append(Feature(*cells))
    return found


FEATURES = _features()


def _in_backticks(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@pytest.fixture(scope="module")
def pages(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application with its pages; none is opened."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KONTOR_HOME", str(tmp_path_factory.mktemp("home")))
        settings.cache_clear()
        built = create_app(settings(), addresses, web=True)
        settings.cache_clear()
    return built


def _command_is_there(words: list[str]) -> bool:
    """Say whether a command with these options can be called; what is in capitals stands for what a person gives."""
    if words in (["--help"], ["--version"]):
        return True
    name = ""
    for word in words:
        longer = f"{name} {word}".strip()
        if not any(known == longer or known.startswith(f"{longer} ") for known in LEAVES):
            break
        name = longer
    if name not in LEAVES:
        return False
    options = {option for parameter in LEAVES[name].params for option in (*parameter.opts, *parameter.secondary_opts)}
    given = {word.split("=")[0].strip("[].,…") for word in words if word.lstrip("[").startswith("-")}
    taken = len(words) > len(name.split())
    return given <= {*options, "--help"} and (not taken or bool(LEAVES[name].params))


def _page_is_there(app: Flask, named: str) -> bool:
    """Say whether a page is there: by its endpoint, or by its address as in the routes or filled in."""
    rules = list(app.url_map.iter_rules())
    if not named.startswith("/"):
        return any(rule.endpoint == named for rule in rules)
    if any(rule.rule == named for rule in rules):
        return True
    try:
        app.url_map.bind("localhost").match(named.split("?")[0])
    except MethodNotAllowed:
        return True  # there, for a form that is sent
    except RequestRedirect:
        return True
    except NotFound:
        return False
    return True


def _is_there(app: Flask, named: str) -> bool:
    words = named.split()
    if words[0] == "kontor":
        return _command_is_there(words[1:])
    if (PROJECT / words[0]).exists() and not named.startswith("/"):
        return True
    return _page_is_there(app, named)


def _shown(named: str) -> bool:
    """Say whether a test is there: a file, a folder, or one test of a file."""
    place, _, test = named.partition("::")
    path = PROJECT / place
    if not place.startswith("tests/") or not path.exists():
        return False
    if not test:
        return path.is_dir() or path.name.startswith("test_")
    names = {node.name for node in nodes_of(path) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return set(re.sub(r"\[.*\]$", "", test).split("::")) <= names


needs_the_page = pytest.mark.skipif(not PAGE.exists(), reason="docs/features.md is not written yet")


@needs_the_page
def test_the_page_has_rows_and_each_once() -> None:
    rows = [feature.row for feature in FEATURES]
    assert len(rows) > 20
    assert len(rows) == len(set(rows))


@needs_the_page
def test_every_row_of_the_table_is_read() -> None:
    """A row that is written otherwise would be looked at by nobody."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    heads = [line for line in lines if re.match(r"\| *(row|[-:]+) *\|", line, re.IGNORECASE)]
    assert len(lines) - len(heads) == len(FEATURES)


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.row)
def test_what_does_it_is_there(pages: Flask, feature: Feature) -> None:
    assert feature.what
    named = _in_backticks(feature.where)
    assert named, f"{feature.row}: by which command or page?"
    missing = [one for one in named if not _is_there(pages, one)]
    assert not missing, f"{feature.row}: there is no {missing}"


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.row)
def test_what_shows_it_is_there(feature: Feature) -> None:
    named = _in_backticks(feature.shown_by)
    assert named, f"{feature.row}: by which test?"
    missing = [one for one in named if not _shown(one)]
    assert not missing, f"{feature.row}: there is no {missing}"


@pytest.mark.parametrize(
    ("named", "there"),
    [
        ("kontor import sales FILE --program CODE", True),
        ("kontor import sales FILE --programme CODE", False),
        ("kontor export top-ups --from D --to D", True),
        ("kontor export", False),
        ("kontor convert --program CODE --from D --to D", True),
        ("kontor fly", False),
        ("scripts/demo --once", True),
        ("scripts/fly", False),
        ("/health/nothing", False),
        ("nothing.here", False),
    ],
)
def test_what_is_not_there_is_noticed(pages: Flask, named: str, there: bool) -> None:
    assert isinstance(main, click.Group)
    assert _is_there(pages, named) is there


def test_every_page_is_found_by_its_endpoint_and_its_address(pages: Flask) -> None:
    for rule in pages.url_map.iter_rules():
        assert _page_is_there(pages, rule.endpoint)
        assert _page_is_there(pages, rule.rule)


def test_a_test_that_is_not_there_is_noticed() -> None:
    here = Path(__file__).relative_to(PROJECT).as_posix()
    assert _shown(here)
    assert _shown("tests/contracts")
    assert _shown(f"{here}::test_a_test_that_is_not_there_is_noticed")
    assert not _shown(f"{here}::test_nothing")
    assert not _shown("tests/contracts/test_nothing.py")
    assert not _shown("app/config.py")
