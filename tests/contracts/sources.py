"""The project's own files, as the contracts read them."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

from app.config import PROJECT

ROOMS = ("app", "importers", "verification", "prepaid")
"""What is shipped and imported."""

EVERYTHING = (*ROOMS, "migrations", "tests", "bench")


def modules(*folders: str) -> list[Path]:
    """List the Python files below folders of the project."""
    return sorted(path for folder in folders for path in (PROJECT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    """Write a file's place in the project."""
    return path.relative_to(PROJECT).as_posix()


@functools.cache
def parsed(path: Path) -> ast.Module:
    """Read a module without running it."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@functools.cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """List all that stands in a module, however deep."""
    return tuple(ast.walk(parsed(path)))


@functools.cache
def calls_of(path: Path) -> tuple[ast.Call, ...]:
    """List the calls that stand in a module."""
    return tuple(node for node in nodes_of(path) if isinstance(node, ast.Call))


def imported(path: Path) -> Iterator[str]:
    """Name every module that a module imports, wherever in it."""
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
