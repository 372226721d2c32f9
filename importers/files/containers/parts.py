"""The parts of a zip container, inflated piece by piece: what its directory says about sizes is not believed."""

import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

from isal import isal_zlib

from app.domain.saying.wording import marked
from importers.errors import FileRefused
from importers.files.limits import Limits

_ = marked
_PIECE = 1 << 20
_PACKED = 1 << 18
_RATIO_MATTERS = 1 << 20
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_WINDOW_BITS = -15  # bare deflate, as zip holds it


class Parts:
    """The parts of one container, judged by what the directory says and again while they are unpacked."""

    def __init__(self, path: Path, name: str, limits: Limits) -> None:
        """Read the directory.

        Raises:
            FileRefused: It is broken, or holds what no workbook holds.
        """
        self._path = path
        self._name = name
        self._limits = limits
        self._unpacked = 0
        try:
            with zipfile.ZipFile(path) as container:
                found = [member for member in container.infolist() if not member.is_dir()]
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error):
            words = _("%(file)s: the workbook's container is broken; export it again.")
            raise FileRefused(words, file=name) from None
        self._judge(found)
        self._members = {member.filename: member for member in found}

    @property
    def names(self) -> list[str]:
        """Give the names of the parts, in the directory's order."""
        return list(self._members)

    def find(self, name: str) -> str | None:
        """Give the name of a part as the container writes it: some write backslashes, or other capitals."""
        wanted = name.lower()
        return next((one for one in self._members if one.replace("\\", "/").lstrip("/").lower() == wanted), None)

    def read(self, part: str, most: int) -> bytes:
        """Unpack the first ``most`` bytes of a part."""
        taken = bytearray()
        for piece in self.stream(part):
            taken += piece
            if len(taken) >= most:
                break
        return bytes(taken[:most])

    def stream(self, part: str) -> Iterator[bytes]:
        """Unpack a part piece by piece, and stop where it becomes larger than it may be.

        Raises:
            FileRefused: It unpacks to more than the limits allow, or cannot be unpacked.
        """
        member = self._members[part]
        size = 0
        try:
            for piece in self._inflated(member):
                size += len(piece)
                self._unpacked += len(piece)
                self._refuse_bomb(member, size)
                yield piece
        except (isal_zlib.error, struct.error, EOFError):  # type: ignore[misc]  # its types call the class an instance
            words = _("%(file)s: the part %(part)s of the workbook's container is broken; export it again.")
            raise FileRefused(words, file=self._name, part=part) from None

    def _inflated(self, member: zipfile.ZipInfo) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            file.seek(member.header_offset)
            _, name_length, extra_length = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
            file.seek(name_length + extra_length, 1)
            left = member.compress_size
            if member.compress_type == zipfile.ZIP_STORED:
                while piece := file.read(min(left, _PIECE)):
                    left -= len(piece)
                    yield piece
                return
            inflating = isal_zlib.decompressobj(_WINDOW_BITS)
            while not inflating.eof:
                packed = inflating.unconsumed_tail
                if not packed:
                    packed = file.read(min(left, _PACKED))
                    left -= len(packed)
                    if not packed:
                        raise EOFError
                if piece := inflating.decompress(packed, _PIECE):
                    yield piece

    def _judge(self, found: list[zipfile.ZipInfo]) -> None:
        name, limits = self._name, self._limits
        if len(found) > limits.max_parts:
            words = _("%(file)s: %(parts)s parts inside, more than are taken in (%(limit)s).")
            raise FileRefused(words, file=name, parts=len(found), limit=limits.said("max_parts"))
        if any(member.flag_bits & 1 for member in found):
            raise FileRefused(_("%(file)s: the workbook is encrypted; save it without a password."), file=name)
        seen = set()
        for member in found:
            way = member.filename.replace("\\", "/")
            if ".." in way.split("/") or way.startswith("/") or ":" in way.split("/")[0]:
                words = _("%(file)s: the part %(part)s leads out of the container; no real workbook.")
                raise FileRefused(words, file=name, part=repr(member.filename))
            if way.lower() in seen:
                words = _("%(file)s: the part %(part)s is there twice; no real workbook.")
                raise FileRefused(words, file=name, part=repr(member.filename))
            seen.add(way.lower())
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                words = _("%(file)s: packed in a way that no spreadsheet program packs; save it as .xlsx.")
                raise FileRefused(words, file=name)
        if sum(member.compress_size for member in found) > self._path.stat().st_size:
            raise FileRefused(_("%(file)s: its parts lie one upon the other; no real workbook."), file=name)

    def _refuse_bomb(self, member: zipfile.ZipInfo, size: int) -> None:
        limits = self._limits
        if self._unpacked > limits.max_unpacked_mb << 20:
            words = _("%(file)s: unpacks to more than is taken in, in MiB (%(limit)s).")
            raise FileRefused(words, file=self._name, limit=limits.said("max_unpacked_mb"))
        if size > _RATIO_MATTERS and size > limits.max_ratio * max(1, member.compress_size):
            words = _(
                "%(file)s: the part %(part)s unpacks to more than %(times)s times its size, as no real table does "
                "(%(limit)s)."
            )
            ratio = limits.max_ratio
            raise FileRefused(words, file=self._name, part=member.filename, times=ratio, limit=limits.said("max_ratio"))
