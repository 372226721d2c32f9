"""Where the files of a batch lie, and its columns between the stages: Arrow files, mapped into memory when read."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from app.domain.documents.sales import Documents, Lines, Sales
from app.files import keep_copy
from importers.layout.tables.table import Recognised
from verification.incoming import Incoming

_Columns = TypeVar("_Columns", Documents, Lines)
_DATES = "datetime64[D]"
_READ_AS = b"read_as"


class BatchFiles:
    """The folder of one batch."""

    def __init__(self, files: Path, batch_id: int, reading: int = 0) -> None:
        """Say which batch of which installation, and which reading of its file.

        Each reading has shards of its own: a reader that was taken for dead may still write, and what it finds may
        differ from what the next one found.
        """
        self.folder = files / "imports" / str(batch_id)
        self._reading = reading

    @property
    def original(self) -> Path:
        """Give the place of the file as it came."""
        return self.folder / "original"

    @property
    def rows(self) -> Path:
        """Give the place of the file's table as text."""
        return self.folder / "rows.arrow"

    @property
    def problems(self) -> Path:
        """Give the place of the problems workbook."""
        return self.folder / "problems.xlsx"

    def prepared(self, rows: int) -> Path:
        """Give the place of a problems workbook of so many rows that may be the whole, or may not."""
        return self.folder / f"prepared-{rows}.xlsx"

    def take_prepared(self, rows: int) -> bool:
        """Take the prepared workbook of so many rows for the problems workbook; say whether there was one."""
        try:
            self.prepared(rows).replace(self.problems)
        except FileNotFoundError:
            return False
        return True

    def take_in(self, source: Path) -> None:
        """Copy the file that came."""
        keep_copy(self.original, source)

    def save_rows(
        self,
        frame: Any,
        row_number: np.ndarray,
        broken: Mapping[int, Sequence[str]] | None = None,
        *,
        read_as: str = "",
    ) -> None:
        """Keep the file's table, so that problems can be handed back in the file's own words.

        ``broken`` are the cells of rows that do not fit the header: kept from the left, what is left over in the last.
        ``read_as`` says how these words are read, where the file proved it.
        """
        names = [str(name) for name in frame.columns]
        arrays = [pa.chunked_array(pa.array(frame[name].array)) for name in names]
        numbers = pa.chunked_array([pa.array(row_number, type=pa.int64())])
        table = pa.table([numbers, *arrays], names=["", *names])
        if broken:
            rows = [[row, *_fitted(cells, len(names))] for row, cells in broken.items()]
            added = pa.table([list(cells) for cells in zip(*rows, strict=True)], schema=table.schema)
            table = pa.concat_tables([table, added])
            table = table.take(np.argsort(table.column(0).to_numpy(), kind="stable"))
        self._save(self.rows, table.replace_schema_metadata({_READ_AS: read_as.encode()}))

    def save_recognised(self, recognised: Recognised) -> None:
        """Keep which rows are no lines, and what they are."""
        rows = [np.asarray(rows, dtype=np.int64) for rows in recognised.rows.values()]
        kinds = np.repeat(np.arange(len(rows), dtype=np.int8), [len(one) for one in rows])
        named = pa.array([str(kind) for kind in recognised.rows], type=pa.large_string())
        numbers = np.concatenate([np.zeros(0, dtype=np.int64), *rows])
        order = np.argsort(numbers, kind="stable")
        told = pa.DictionaryArray.from_arrays(pa.array(kinds[order]), named) if len(rows) else named
        self._save(self._recognised, pa.table({"row": pa.array(numbers[order]), "kind": told}))

    def load_recognised(self) -> list[tuple[int, str]]:
        """Give the rows that are no lines, in their order, each with what it is; none where none was kept."""
        if not self._recognised.exists():
            return []
        table = self._load(self._recognised)
        return list(zip(table["row"].to_pylist(), table["kind"].to_pylist(), strict=True))

    @property
    def _recognised(self) -> Path:
        return self.folder / "recognised.arrow"

    def load_rows(self, wanted: np.ndarray) -> dict[str, pa.Array]:
        """Give the cells of some rows of the kept table by column; a row that is not in it has none."""
        table = self._load(self.rows)
        kept = table.column(0).to_numpy()
        at = np.searchsorted(kept, wanted)
        there = (at < len(kept)) & (kept[np.minimum(at, len(kept) - 1)] == wanted) if len(kept) else wanted < 0
        places = pa.array(at, mask=~there)
        names = enumerate(table.column_names)
        return {name: table.column(number).take(places).combine_chunks() for number, name in names if number}

    def read_as(self) -> str:
        """Say how the kept table is read, where the file proved it."""
        metadata = self._load(self.rows).schema.metadata or {}
        return str(metadata.get(_READ_AS, b"").decode())

    def save_taken(self, row_number: np.ndarray, cells: Mapping[str, pa.Array], *, read_as: str) -> None:
        """Keep rows of another batch's table, which this one takes in, and how they are read."""
        numbers = pa.array(row_number, type=pa.int64())
        self.folder.mkdir(parents=True, exist_ok=True)
        table = pa.table([numbers, *cells.values()], names=["", *cells])
        self._save(self.rows, table.replace_schema_metadata({_READ_AS: read_as.encode()}))

    def kept_rows(self) -> np.ndarray:
        """Give the numbers of the rows of the kept table; none where none was kept."""
        if not self.rows.exists():
            return np.zeros(0, dtype=np.int64)
        return np.asarray(self._load(self.rows).column(0).to_numpy())

    def save_waiting(self, table: pa.Table) -> str:
        """Keep typed rows that wait for names to be known. Returns the name of the file."""
        name = f"waiting-{self._reading}"
        self._save(self.folder / name, table)
        return name

    def load_waiting(self, name: str) -> pa.Table:
        """Read rows that wait."""
        return self._load(self.folder / name)

    def save_shard(self, position: int, incoming: Incoming) -> str:
        """Write the documents and lines of one shard. Returns the shard's name."""
        name = f"shard-{self._reading}-{position:05d}"
        extra = {
            "number_key": incoming.number_key,
            "seller_key": incoming.seller_key,
            "total_minor": incoming.total_minor,
        }
        self._save(self.folder / f"{name}.documents", _table(incoming.sales.documents, extra))
        self._save(self.folder / f"{name}.lines", _table(incoming.sales.lines, {}))
        return name

    def load_shard(self, name: str) -> Incoming:
        """Read a shard back."""
        documents = self._load(self.folder / f"{name}.documents")
        lines = self._load(self.folder / f"{name}.lines")
        return Incoming(
            sales=Sales(_columns(Documents, documents), _columns(Lines, lines)),
            number_key=_array(documents, "number_key"),
            seller_key=_array(documents, "seller_key"),
            total_minor=_array(documents, "total_minor"),
        )

    def save_created(self, created: Mapping[str, Any]) -> None:
        """Keep what a dry run pretends to have created."""
        with self._fresh(self._created) as fresh:
            fresh.write_text(json.dumps(created, ensure_ascii=False))

    def load_created(self) -> dict[str, Any]:
        """Read back what a dry run pretends to have created."""
        created: dict[str, Any] = json.loads(self._created.read_text())
        return created

    @property
    def _created(self) -> Path:
        return self.folder / f"created-{self._reading}.json"

    def drop_readings(self, *, waiting: str | None) -> None:
        """Remove the shards of a batch whose shards are counted, and what readers left that were killed.

        ``waiting`` names the rows that wait for names to be known; they stay.
        """
        for pattern in ("shard-*", "created-*", "waiting-*", "*.part"):
            for path in self.folder.glob(pattern):
                if path.name != waiting:
                    path.unlink(missing_ok=True)
        self.drop_prepared()

    def drop_prepared(self) -> None:
        """Remove what was prepared and is not wanted any more."""
        for path in self.folder.glob("prepared-*"):
            path.unlink(missing_ok=True)

    def _save(self, path: Path, table: pa.Table) -> None:
        with (
            self._fresh(path) as fresh,
            pa.OSFile(str(fresh), "wb") as sink,
            pa.ipc.new_file(sink, table.schema) as writer,
        ):
            writer.write_table(table)

    @contextmanager
    def _fresh(self, path: Path) -> Iterator[Path]:
        """Give a place beside to write to, then put it in its place: nobody sees half a file, whoever is killed.

        It need not outlive the machine, as what came in does: what a reading makes is made anew.
        """
        fresh = path.with_name(f"{path.name}.{self._reading}.part")
        try:
            yield fresh
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)

    @staticmethod
    def _load(path: Path) -> pa.Table:
        with pa.memory_map(str(path)) as source:
            return pa.ipc.open_file(source).read_all()


def _fitted(cells: Sequence[str], width: int) -> list[str | None]:
    """Fit cells to a header: empty ones follow, or what is left over goes into the last column, parted by bars."""
    kept: list[str | None] = [cell or None for cell in cells[:width]]
    over = [cell for cell in cells[width:] if cell.strip()]
    if over:
        kept[-1] = " | ".join([*filter(None, kept[-1:]), *over])
    return kept + [None] * (width - len(kept))


def _table(columns: Documents | Lines, extra: dict[str, np.ndarray]) -> pa.Table:
    named = {field.name: getattr(columns, field.name) for field in fields(columns)} | extra
    arrays = {
        name: pa.array(values, type=pa.large_string()) if values.dtype == object else pa.array(values)
        for name, values in named.items()
        if values is not None
    }
    return pa.table(arrays)


def _columns(kind: type[_Columns], table: pa.Table) -> _Columns:
    there = set(table.column_names)
    return kind(**{field.name: _array(table, field.name) for field in fields(kind) if field.name in there})


def _array(table: pa.Table, name: str) -> np.ndarray:
    column = table.column(name).combine_chunks()
    if pa.types.is_large_string(column.type):
        return np.asarray([*column.to_pylist(), None], dtype=object)[:-1]
    values: np.ndarray = column.to_numpy(zero_copy_only=False)
    return values.astype(_DATES) if values.dtype.kind == "M" else values
