"""Lists as parameters: written for PostgreSQL all elements at once.

The driver looks at every element on its own, 5 µs each. A shard hands over 30,000.
"""

import datetime as dt
from collections.abc import Sequence

import psycopg
from psycopg.types.array import ListDumper


def written(values: Sequence[object]) -> str:
    """Write whole numbers, truth values, dates, instants of UTC, texts or bytes as an array; None is NULL."""
    kinds = set(map(type, values))
    if kinds <= {int}:
        return f"{{{','.join(map(str, values))}}}"
    if kinds == {str}:
        texts = '","'.join(values)  # type: ignore[arg-type]  # all of them are texts
        if "\\" not in texts and texts.count('"') == 2 * len(values) - 2:
            return f'{{"{texts}"}}'
    return f"{{{','.join(map(_element, values))}}}"


def _element(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if isinstance(value, bytes):
        return f'"\\\\x{value.hex()}"'
    if isinstance(value, dt.datetime):
        return f'"{value}+00"'
    return str(value)


class _AtOnce(ListDumper):
    """Writes lists of whole numbers or of texts in one go; what needs a closer look is left to the driver."""

    def dump(self, obj: list[object]) -> psycopg.abc.Buffer | None:
        if set(map(type, obj)) in ({int}, {str}):
            array = written(obj)
            if "\0" not in array:
                return array.encode(self.connection.info.encoding if self.connection else "utf-8")
        return super().dump(obj)


def install() -> None:
    """Write lists so on every connection that is opened from now on."""
    psycopg.adapters.register_dumper(list, _AtOnce)
