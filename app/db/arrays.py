"""Lists as parameters: written for PostgreSQL all elements at once.

The driver looks at every element on its own, 5 µs each. A shard hands over 20,000.
"""

import psycopg
from psycopg.types.array import ListDumper


class _AtOnce(ListDumper):
    """Writes lists of whole numbers or of plain texts in one go; what needs a closer look is left to the driver."""

    def dump(self, obj: list[object]) -> psycopg.abc.Buffer | None:
        kinds = set(map(type, obj))
        if kinds == {int}:
            return f"{{{','.join(map(str, obj))}}}".encode()
        if kinds == {str}:
            texts = '","'.join(obj)  # type: ignore[arg-type]  # all of them are texts
            if "\\" not in texts and "\0" not in texts and texts.count('"') == 2 * len(obj) - 2:
                return f'{{"{texts}"}}'.encode(self.connection.info.encoding if self.connection else "utf-8")
        return super().dump(obj)


def install() -> None:
    """Write lists so on every connection that is opened from now on."""
    psycopg.adapters.register_dumper(list, _AtOnce)
