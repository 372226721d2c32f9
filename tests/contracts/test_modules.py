"""Modules: named after their subject, each saying what belongs in it, packages empty, no fractions where points are."""

import ast
import importlib
import re
from pathlib import Path

import pytest

from app.config import PROJECT
from tests.contracts.sources import EVERYTHING, ROOMS, modules, name_of, nodes_of, parsed

NO_SUBJECT = {"util", "utils", "helper", "helpers", "manager", "managers", "misc", "common", "base_classes", "tools"}
"""Names that say nothing: what they hold has a subject, and is found there."""

EXACT = ("app/domain", "app/services", "app/models", "app/db", "verification")
"""Where points and money are computed."""

NO_AMOUNTS = {
    "app/services/telling/languages.py": "the size of a file, for people",
    "app/domain/colours.py": "how bright a colour is",
    "verification/claiming/page_reader.py": "how large a page is drawn",
}
"""Modules among them that divide something else, and what."""

ONE_WORD = {
    "programme": "program",
    "dealer": "distributor",
    "reseller": "distributor",
    "dealers": "distributors",
    "resellers": "distributors",
}
"""Words that the code has another word for (docs/glossary.md)."""


@pytest.mark.parametrize("room", EVERYTHING)
def test_a_package_holds_a_docstring_and_nothing_else(room: str) -> None:
    for path in (PROJECT / room).rglob("__init__.py"):
        assert ast.get_docstring(parsed(path)), f"{name_of(path)} does not say what the package is"
        assert len(parsed(path).body) == 1, f"{name_of(path)} holds more than its docstring"


@pytest.mark.parametrize("room", [*ROOMS, "migrations", "bench", "tests/support"])
def test_every_module_says_what_belongs_in_it(room: str) -> None:
    assert not [name_of(path) for path in modules(room) if not ast.get_docstring(parsed(path))]


def test_no_module_is_named_after_nothing() -> None:
    files = [path for room in (*EVERYTHING, "templates", "scripts") for path in (PROJECT / room).rglob("*")]
    assert len(files) > 200
    nameless = [
        name_of(path)
        for path in files
        if "__pycache__" not in path.parts and set(re.split(r"[^a-z]+", path.stem.lower())) & NO_SUBJECT
    ]
    assert not nameless


def _computes_with_fractions(path: Path, node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return not _is_a_path(path, node)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, float | complex)
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float"


def _is_a_path(path: Path, node: ast.BinOp) -> bool:
    """Say whether what looks like a division is a folder and a name in it."""
    if isinstance(node.right, ast.JoinedStr):
        return True
    if isinstance(node.right, ast.Constant):
        return isinstance(node.right.value, str)
    module = importlib.import_module(name_of(path).removesuffix(".py").replace("/", "."))
    return isinstance(node.left, ast.Name) and isinstance(getattr(module, node.left.id, None), Path)


def test_nothing_computes_with_fractions_where_points_and_money_are() -> None:
    """Integers and exact Decimals: docs/decisions/0002."""
    found = [
        f"{name_of(path)}:{node.lineno}: {ast.unparse(node)}"
        for path in modules(*EXACT)
        for node in nodes_of(path)
        if _computes_with_fractions(path, node) and name_of(path) not in NO_AMOUNTS
    ]
    assert not found


def test_names_in_the_code_are_the_words_of_the_glossary() -> None:
    found = set()
    for path in modules(*ROOMS, "migrations"):
        if name_of(path).startswith("app/demo/"):  # its files are data, and named for whoever opens them
            continue
        for node in nodes_of(path):
            name = getattr(node, "name", None) or getattr(node, "id", None) or getattr(node, "arg", None)
            if isinstance(name, str) and set(re.split(r"[^a-z]+", name.lower())) & set(ONE_WORD):
                found.add(f"{name_of(path)}: {name}")
    assert not found


def test_a_danger_that_the_linter_sees_is_overlooked_for_a_reason() -> None:
    unexplained = []
    for path in modules(*ROOMS):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if re.search(r"# noqa(?!: ?[A-Z])|# noqa: ?S[0-9]+ *$", line):
                unexplained.append(f"{name_of(path)}:{number}: {line.strip()}")
    assert not unexplained
