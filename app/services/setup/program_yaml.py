"""YAML as programme files are written: what stands there is what is read.

YAML 1.1 reads 0123 as 83, NO (the country) as false, 8:30 as 510, and stops at 2025-02-30. Here only true and false are
truths, only plain digits are whole numbers, a number with a point keeps every digit, and a date stays text until the
programme says what belongs there.
"""

import decimal
import re
from typing import Any

import yaml

_BOOL, _INT, _FLOAT, _TIMESTAMP = (f"tag:yaml.org,2002:{name}" for name in ("bool", "int", "float", "timestamp"))


MOST_PARTS = 1_000_000
"""More parts no programme file has; an alias that stands for more of them is meant to do harm."""


class NotYaml(ValueError):
    """The text cannot be read as YAML; the message begins with the place."""


class _Loader(yaml.SafeLoader):
    """A safe loader that guesses less, and lets a key stand only once."""

    yaml_implicit_resolvers = {  # noqa: RUF012  # as the class above has it
        first: [(tag, pattern) for tag, pattern in known if tag not in (_BOOL, _INT, _TIMESTAMP)]
        for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key.value!r} stands twice", key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def _decimal(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> object:
    text = loader.construct_scalar(node)
    try:
        return decimal.Decimal(str(text).replace("_", ""))
    except decimal.InvalidOperation:
        return text


_Loader.add_implicit_resolver(_BOOL, re.compile(r"(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
_Loader.add_implicit_resolver(_INT, re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})$"), list("-+0123456789"))
_Loader.add_constructor(_FLOAT, _decimal)


def read(text: str) -> object:
    """Read one YAML document.

    Raises:
        NotYaml: with the line and the column where that is known.
    """
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        _measured(node, {})
        return None if node is None else loader.construct_document(node)
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
        said = str(wrong.problem)
        raise NotYaml(f"{where}{wrong.context}, {said}" if said.startswith("but ") else f"{where}{said}") from None
    except yaml.reader.ReaderError as wrong:
        line = text.count("\n", 0, wrong.position) + 1
        raise NotYaml(f"line {line}: the character #x{wrong.character:04x} has no place in a text") from None
    except RecursionError:
        raise NotYaml("the document is nested too deeply for any programme") from None


def _measured(node: yaml.Node | None, known: dict[yaml.Node, int]) -> int:
    """Count the parts of a document with everything that its aliases repeat: a few lines can stand for billions.

    Raises:
        NotYaml: There are more than any programme has, or a part contains itself.
    """
    if node is None or isinstance(node, yaml.ScalarNode):
        return 1
    if node not in known:
        known[node] = MOST_PARTS  # as long as it is being counted: whoever meets it again is inside it
        below = [one for pair in node.value for one in pair] if isinstance(node, yaml.MappingNode) else node.value
        known[node] = 1 + sum(_measured(one, known) for one in below)
    if known[node] >= MOST_PARTS:
        line = node.start_mark.line + 1
        raise NotYaml(f"line {line}: an alias repeats itself, or too much; write out what is meant")
    return known[node]


def write(document: dict[str, Any]) -> str:
    """Write a document so that `read`, or any other reader of YAML, gives it back."""
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=120)
