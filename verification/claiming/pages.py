"""Pages of proofs: looked at and drawn in a process of their own, within so much memory and time."""

import json
import shutil
import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.config import Settings
from app.local.forking import Ended, Readers
from verification.claiming.page_reader import REFUSED

_READERS = Readers("verification.claiming.page_reader")
_PIXELS = 1_000_000


class Unshowable(Exception):
    """A proof cannot be shown; ``code`` says why."""

    def __init__(self, code: str) -> None:
        """Take the code: broken, locked, too_many_pages, too_many_pixels, too_costly."""
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Looked:
    """What a proof is: how many pages, 64 bits of how a photo or a scan looks, and the text that a PDF carries.

    Of a PDF also what it says of itself: the program that made it, when, and when it was changed.
    """

    pages: int
    look: int | None
    text: str
    maker: str = ""
    made: str = ""
    changed: str = ""


def look(path: Path, media_type: str, settings: Settings) -> Looked:
    """Look at a photo or a PDF.

    Raises:
        Unshowable: It cannot be shown.
        RuntimeError: The process does not start, or somebody ended it: no fault of the file.
    """
    return Looked(**json.loads(_asked({"what": "look"}, path, media_type, settings)))


def draw(path: Path, media_type: str, page: int, widest: int, settings: Settings) -> bytes:
    """Give a page, counted from 1, as a JPEG; raises as `look` does."""
    return _asked({"what": "show", "page": page, "widest": widest}, path, media_type, settings)


def reader_of(settings: Settings) -> str | None:
    """Find the program that reads pictures; None where it is not installed."""
    return shutil.which(settings.tesseract)


def read(path: Path, media_type: str, settings: Settings) -> str:
    """Give the text of a photo or of the first page of a scan; nothing, where it cannot be read."""
    program = reader_of(settings)
    if program is None:
        return ""
    told = {"what": "read", "tesseract": program, "languages": LANGUAGES}
    try:
        return _asked(told, path, media_type, settings).decode()
    except Unshowable:
        return ""


LANGUAGES = ("pol", "eng", "spa", "rus", "deu", "fra", "ita")
"""Those of whose packs are installed are read."""


def _asked(task: dict[str, Any], path: Path, media_type: str, settings: Settings) -> bytes:
    told = {
        **task,
        "path": str(path),
        "media_type": media_type,
        "memory_mb": settings.proof_memory_mb,
        "cpu_seconds": settings.proof_seconds,
        "most_pages": settings.max_proof_pages,
        "most_pixels": settings.max_proof_megapixels * _PIXELS,
    }
    with tempfile.TemporaryFile(prefix="kontor-page-") as handed:
        descriptor = handed.fileno()
        try:
            done = _READERS.run(descriptor, json.dumps(told), seconds=2 * settings.proof_seconds)
        except TimeoutError:
            raise Unshowable("too_costly") from None
        if done.code:
            raise _problem(done)
        handed.seek(0)
        return handed.read()


def _problem(done: Ended) -> Exception:
    """Tell why the process ended as it did."""
    if done.code == REFUSED:
        return Unshowable(done.said)
    if "ImportError" in done.complaints or "ModuleNotFoundError" in done.complaints:
        return RuntimeError(f"what shows proofs does not start: {done.complaints[-1000:]}")
    if -done.code in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        return RuntimeError("what shows proofs was ended by somebody")
    if -done.code == signal.SIGXCPU or "MemoryError" in done.complaints or done.code == -signal.SIGKILL:
        return Unshowable("too_costly")
    return Unshowable("broken")
