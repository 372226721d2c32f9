"""Modules and functions stay as small as one reads at a time."""

import ast
from pathlib import Path

from tests.contracts.sources import ROOMS, modules, name_of, nodes_of

MOST_LINES_OF_A_MODULE = 500
MOST_LINES_OF_A_FUNCTION = 60
"""Without its docstring."""

TABLES = {
    "app/domain/states.py": "all that is stored as a word or a number, each with what it means",
    "app/web/access/permissions.py": "a row for every route",
}
"""What is longer, because it is a table: it is looked up and not read."""


def _too_long(path: Path) -> list[str]:
    found = []
    if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES_OF_A_MODULE:
        found.append(name_of(path))
    for node in nodes_of(path):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
            if body and (body[-1].end_lineno or 0) - body[0].lineno >= MOST_LINES_OF_A_FUNCTION:
                found.append(f"{name_of(path)}:{node.name}")
    return found


def test_no_module_and_no_function_is_long_but_tables() -> None:
    assert {one for path in modules(*ROOMS, "bench") for one in _too_long(path)} == set(TABLES)
