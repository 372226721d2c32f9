"""The container of old Office files: a small file system of sectors, of which one stream is wanted."""

import struct
from pathlib import Path

_HEADER = struct.Struct("<30xHH10xII4xII4xI")
_ENTRY_BYTES = 128
_IN_HEADER = 109
_LAST = 0xFFFFFFFA
"""Sector numbers from here on say that a chain ends, or that there is none."""


class NotCompound(Exception):
    """The container is broken."""


def stream(path: Path, *names: str) -> bytes:
    """Read the first stream of these names that there is.

    Raises:
        NotCompound: There is none, or the container is broken.
    """
    try:
        return _Container(path.read_bytes()).stream(names)
    except (struct.error, IndexError, UnicodeDecodeError) as broken:
        raise NotCompound from broken


class _Container:
    def __init__(self, content: bytes) -> None:
        self._content = content
        shift, mini_shift, tables, directory, self._cutoff, mini_table, more = _HEADER.unpack_from(content)
        self._sector, self._mini_sector = 1 << shift, 1 << mini_shift
        if shift not in (9, 12) or mini_shift != 6:
            raise NotCompound
        per_table = self._sector // 4
        listed = list(struct.unpack_from(f"<{_IN_HEADER}I", content, 76))
        steps = 0
        while more < _LAST and steps <= tables // (per_table - 1) + 1:
            *further, more = struct.unpack(f"<{per_table}I", self._at(more))
            listed += further
            steps += 1
        self._next: list[int] = []
        for sector in listed[:tables]:
            self._next += struct.unpack(f"<{per_table}I", self._at(sector))
        entries = self._chain(directory)
        self._entries = [entries[at : at + _ENTRY_BYTES] for at in range(0, len(entries), _ENTRY_BYTES)]
        mini = self._chain(mini_table)
        self._next_mini = list(struct.unpack(f"<{len(mini) // 4}I", mini))

    def stream(self, names: tuple[str, ...]) -> bytes:
        found = {}
        for entry in self._entries:
            length, kind = struct.unpack_from("<HB", entry, 64)
            if kind == 2 and 2 <= length <= 64:
                found[entry[: length - 2].decode("utf-16-le").lower()] = entry
        entry = next((found[name.lower()] for name in names if name.lower() in found), b"")
        if not entry:
            raise NotCompound
        first, size = struct.unpack_from("<II", entry, 116)
        if size >= self._cutoff:
            return self._chain(first)[:size]
        (root,) = struct.unpack_from("<I", self._entries[0], 116)
        small = self._chain(root)
        pieces: list[bytes] = []
        sector = first
        while sector < _LAST and len(pieces) <= len(self._next_mini):
            pieces.append(small[sector * self._mini_sector : (sector + 1) * self._mini_sector])
            sector = self._next_mini[sector]
        return b"".join(pieces)[:size]

    def _at(self, sector: int) -> bytes:
        return self._content[(sector + 1) * self._sector : (sector + 2) * self._sector]

    def _chain(self, sector: int) -> bytes:
        """Join the sectors of a chain; one that bites its tail ends where it has been as long as the container."""
        pieces: list[bytes] = []
        while sector < _LAST and len(pieces) <= len(self._next):
            pieces.append(self._at(sector))
            sector = self._next[sector]
        return b"".join(pieces)
