"""The process that makes the picture of a reward small, a fork of `app.local.fork_server`.

The file that it is handed has what was sent; the picture takes its place, or a word says why there is none. One of 40
million pixels takes half a gigabyte while it is open: here, where that is given back, and not where pages are answered.
"""

import enum
import io
import os
import sys
import warnings
from collections.abc import Sequence

from PIL import Image

from app.local.walls import shut_in
from app.photos import UNREADABLE, upright

MOST_PIXELS = 40_000_000
SIDE = 640
"""Longest side of what is kept, in pixels: a card on a phone is half of that, on a screen of twice the density."""
REFUSED = 3
"""How the process ends where it says why there is no picture: a fault on its output."""
_MEMORY_MIB = 768
_CPU_SECONDS = 10
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_KEPT_AS = ("RGB", "RGBA")


class Fault(enum.StrEnum):
    """Why a file cannot be a picture."""

    NO_PICTURE = "no_picture"
    TOO_HEAVY = "too_heavy"
    TOO_LARGE = "too_large"


def main(arguments: Sequence[str]) -> int:
    """Make the picture in an open file small: ``[DESCRIPTOR, PARENT]``."""
    descriptor, parent = map(int, arguments)
    shut_in(parent, memory_mb=_MEMORY_MIB, cpu_seconds=_CPU_SECONDS)
    with os.fdopen(descriptor, "r+b") as file:
        made = _made(file.read())
        if isinstance(made, Fault):
            sys.stdout.write(made)
            return REFUSED
        file.seek(0)
        file.truncate()
        file.write(made)
    return 0


def _made(content: bytes) -> bytes | Fault:
    """Open a picture, turn it as its camera says, make it small, and encode it as WebP with nothing else."""
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                return Fault.TOO_LARGE
            opened.draft("RGB", (SIDE, SIDE))
            turned = upright(opened)
            wanted = "RGBA" if turned.has_transparency_data else "RGB"
            # a picture that is as it will be kept needs no second one of its size; others cannot be made small well
            small = turned if turned.mode == wanted and turned.mode in _KEPT_AS else turned.convert(wanted)
            small.thumbnail((SIDE, SIDE))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        return Fault.TOO_LARGE
    except UNREADABLE:
        return Fault.NO_PICTURE
    made = io.BytesIO()
    small.info.clear()
    small.save(made, "WEBP", quality=82, method=4)
    return made.getvalue()
