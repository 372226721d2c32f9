"""Jobs: what is put on the board has a function, and every function is for something that is put there."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

from flask import Flask

from app.jobs import registry
from tests.contracts.sources import ROOMS, modules, name_of, nodes_of

KIND = re.compile(r"[a-z_]+\.[a-z_]+")


KIND = re.compile(r"[a-z_]+\.[a-z_]+")


def _put_up(path: Path) -> Iterator[str]:
    """Name the kinds of job that a module puts on the board.

    Where the kind is handed on by a function, it is one of those that the module names.
    """
    for node in nodes_of(path):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)
        if called != "put_up":
            continue
        kinds = [word.value for word in node.keywords if word.arg == "kind"] or node.args[1:2]
        assert kinds, f"{name_of(path)}:{node.lineno} puts up a job of no kind"
        names = vars(importlib.import_module(name_of(path).removesuffix(".py").replace("/", ".")))
        try:
            found = [eval(ast.unparse(kinds[0]), names)]  # a constant of our own module, by its name
        except NameError:
            texts = [value for name, value in names.items() if name.isupper() and isinstance(value, str)]
            found = [value for value in texts if KIND.fullmatch(value)]
        assert found, f"{name_of(path)}:{node.lineno} does not name the kind by a constant"
        yield from found


def test_every_kind_of_job_that_is_put_up_has_a_function_and_the_other_way_round(app: Flask) -> None:
    put_up = {kind for path in modules(*ROOMS) for kind in _put_up(path)}
    assert "import.shard" in put_up
    assert set(registry.kinds()) == put_up


def test_a_kind_is_named_after_its_room_and_what_is_done(app: Flask) -> None:
    assert not [kind for kind in registry.kinds() if not KIND.fullmatch(kind)]
