"""Rows as they were read, kept beside the file that is made of them: with them it can be made again, the same.

They are columns of codes and whole numbers (Parquet), and bear how they are shown: titles, words and decimals of the
moment at which they were read. So nothing that changes later, a name, a state or a translation, changes the file.
"""

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from app.exports.tables import Column, Kind
from app.files import fingerprint, replacing

_SHOWN = b"kontor"
TYPES: Mapping[Kind, Any] = {
    Kind.TEXT: pa.large_string(),
    Kind.INTEGER: pa.int64(),
    Kind.MONEY: pa.int64(),
    Kind.POINTS: pa.int64(),
    Kind.PERCENT_BP: pa.int64(),
    Kind.DATE: pa.date32(),
    Kind.INSTANT: pa.timestamp("us", "UTC"),
}


@dataclass(frozen=True)
class ShownColumn:
    """How a column is shown: its title and the words of its codes, in the reader's language."""

    key: str
    title: str
    kind: Kind
    decimals: int = 0
    zone: str = "UTC"
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def column(self) -> Column:
        """Give it as a table's column."""
        return Column(self.key, self.title, self.kind, self.decimals, self.zone)


@dataclass(frozen=True)
class Sum:
    """What rows that share some codes come to: how many they are, and their amounts by column."""

    of: Mapping[str, str | None]
    rows: int
    amounts: Mapping[str, int]


@dataclass(frozen=True)
class Shown:
    """How kept rows become a file.

    Attributes:
        title: what the rows are.
        language: that everything is written in.
        columns: in their order.
        totals: keys of the columns that the last row sums.
        by: how the columns are shown by which the sums are told apart.
        measures: keys of the columns that the sums have.
        labels: words of the file itself: total, totals, about, rows.
        about: what was asked, as pairs of words.
        read_at: of which moment the rows are.
        sums: what the rows come to.
    """

    title: str
    language: str
    columns: Sequence[ShownColumn]
    totals: Sequence[str]
    by: Sequence[ShownColumn]
    measures: Sequence[ShownColumn]
    labels: Mapping[str, str]
    about: Sequence[Sequence[str]]
    read_at: str
    sums: Sequence[Sum] = ()

    @property
    def made_at(self) -> dt.datetime:
        """Give the moment that the file says it was made."""
        return dt.datetime.fromisoformat(self.read_at)

    @classmethod
    def read(cls, text: str) -> "Shown":
        """Read it back."""
        given = json.loads(text)
        for name in ("columns", "by", "measures"):
            given[name] = [ShownColumn(**one | {"kind": Kind(one["kind"])}) for one in given[name]]
        given["sums"] = [Sum(**one) for one in given["sums"]]
        return cls(**given)


def keep(path: Path, schema: Any, pieces: Iterable[Any], shown: Any) -> bytes:
    """Write pieces of a table and, when all have come, how they are shown (``shown()``). Gives the file's hash."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with replacing(path) as part:
        with pq.ParquetWriter(part, schema, compression="zstd") as writer:
            for piece in pieces:
                writer.write_table(piece)
            writer.add_key_value_metadata({_SHOWN: json.dumps(asdict(shown()), ensure_ascii=False)})
        return fingerprint(part)


class Kept:
    """Kept rows, opened."""

    def __init__(self, path: Path) -> None:
        """Open them."""
        self._path = path
        metadata = pq.read_metadata(path)
        self.rows: int = metadata.num_rows
        self.shown = Shown.read(metadata.metadata[_SHOWN].decode())

    def pieces(self) -> Iterator[Any]:
        """Give the rows, one stretch at a time."""
        with pq.ParquetFile(self._path) as file:
            for at in range(file.num_row_groups):
                yield file.read_row_group(at)
