"""Whatever the audit log notes has words: the log is read by people, in their language."""

import ast
from collections.abc import Iterator

from app.web.admin.audit.names import DEED, FIELD, THING
from tests.contracts.sources import ROOMS, calls_of, modules, name_of


def notes() -> Iterator[tuple[str, ast.Call]]:
    """Give every call that notes something, with the file that it is in."""
    for path in modules(*ROOMS):
        for node in calls_of(path):
            match node.func:
                case ast.Attribute(value=ast.Name(id="audit"), attr="note"):
                    yield name_of(path), node


def words_of(node: ast.expr) -> Iterator[str]:
    """Give the texts that an expression may come to, as far as they are written there."""
    if isinstance(node, ast.IfExp):
        yield from words_of(node.body)
        yield from words_of(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
        yield str(node.values[0].value)


def test_every_action_has_words() -> None:
    actions = {(file, text) for file, call in notes() if len(call.args) > 2 for text in words_of(call.args[2])}
    assert len(actions) > 80
    nameless = set()
    for file, action in actions:
        thing, _, deed = action.partition(".")
        if thing not in THING or (deed and deed not in DEED):
            nameless.add((file, action))
    assert nameless == set()


def test_every_part_that_is_noted_has_a_name() -> None:
    parts = {
        (file, str(key.value))
        for file, call in notes()
        for given in call.keywords
        if given.arg in ("before", "after")
        for node in ast.walk(given.value)
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant)
    }
    assert len(parts) > 20
    assert {one for one in parts if one[1] not in FIELD} == set()
