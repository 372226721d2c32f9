"""What an editor does with a JSON Schema: the part of the standard that the schema of programme files uses."""

import re
from collections.abc import Iterator
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
_OF_OBJECTS = {"required", "properties", "additionalProperties", "propertyNames"}
_SAYS_NOTHING = {"title", "description", "default", "discriminator", "$defs", "$schema", "format"}


def problems(schema: dict[str, Any], value: Any) -> list[str]:
    """Give the path of everything that a document has and must not have, or lacks."""
    return list(_problems(schema, schema, value, "document"))


def _problems(root: dict[str, Any], schema: Any, value: Any, path: str) -> Iterator[str]:
    if schema is True:
        return
    for word, wanted in schema.items():
        if word in _RULES:
            if not _RULES[word](value, wanted):
                yield f"{path}: {word}"
        elif word == "$ref":
            yield from _problems(root, root["$defs"][wanted.removeprefix("#/$defs/")], value, path)
        elif word in ("anyOf", "oneOf"):
            fitting = [part for part in wanted if not list(_problems(root, part, value, path))]
            if not fitting or (word == "oneOf" and len(fitting) > 1):
                yield f"{path}: {word}"
        elif word == "items":
            for at, one in enumerate(value if isinstance(value, list) else ()):
                yield from _problems(root, wanted, one, f"{path}[{at}]")
        elif word not in (*_SAYS_NOTHING, *_OF_OBJECTS):
            raise NotImplementedError(f"{word} at {path}")
    if isinstance(value, dict):
        yield from _of_object(root, schema, value, path)


def _of_object(root: dict[str, Any], schema: dict[str, Any], value: dict[str, Any], path: str) -> Iterator[str]:
    known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    yield from (f"{path}.{name}: required" for name in schema.get("required", ()) if name not in value)
    for name, part in value.items():
        if others is False and name not in known:
            yield f"{path}.{name}: additionalProperties"
        else:
            yield from _problems(root, known.get(name, others), part, f"{path}.{name}")
        yield from _problems(root, schema.get("propertyNames", True), name, path)


def _is(value: Any, wanted: str | list[str]) -> bool:
    names = [wanted] if isinstance(wanted, str) else wanted
    return any(isinstance(value, _TYPES[one]) and (one == "boolean" or not isinstance(value, bool)) for one in names)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_RULES: dict[str, Any] = {
    "type": _is,
    "const": lambda value, wanted: value == wanted,
    "enum": lambda value, wanted: value in wanted,
    "pattern": lambda value, wanted: not isinstance(value, str) or re.search(wanted, value) is not None,
    "minimum": lambda value, wanted: not _number(value) or value >= wanted,
    "maximum": lambda value, wanted: not _number(value) or value <= wanted,
    "exclusiveMinimum": lambda value, wanted: not _number(value) or value > wanted,
    "exclusiveMaximum": lambda value, wanted: not _number(value) or value < wanted,
    "maxLength": lambda value, wanted: not isinstance(value, str) or len(value) <= wanted,
    "minItems": lambda value, wanted: not isinstance(value, list) or len(value) >= wanted,
    "maxItems": lambda value, wanted: not isinstance(value, list) or len(value) <= wanted,
}
