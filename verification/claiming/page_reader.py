"""The process that looks at a proof, a fork of `app.local.fork_server`.

Photos and PDFs are opened by large libraries in C, here and nowhere else. It writes into the open file what was asked
for: what a proof is, as JSON; a page of it as a picture that says nothing of where and when it was taken; or the text
of its first page, where a program is installed that reads pictures.
"""

import io
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from PIL import Image

from app.local.walls import shut_in
from app.photos import UNREADABLE, upright

REFUSED = 3
"""How the process ends where it says why a proof cannot be shown: a code on its output."""

_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/heic": "HEIF"}
_PDF = "application/pdf"
_LOOKED_AT = 512
"""Pixels of a side of what a look is taken from: a photo of 50 megapixels has no more of one."""
_READ_AT = 2_400
"""Pixels of a side of what a text is read from: a page of A4 at 200 in an inch."""
_QUALITY = 82
_MOST_LETTERS = 20_000
_PAGES_OF_TEXT = 3
_LONGEST_MAKER = 120
_A_TEXT = 20
"""Letters from which on a PDF has a text of its own, and is no scan."""


class Refused(Exception):
    """It cannot be shown; the message is a code."""


def main(arguments: Sequence[str]) -> int:
    """Do a task: ``[DESCRIPTOR, PARENT, TASK]``."""
    descriptor, parent, task = int(arguments[0]), int(arguments[1]), json.loads(arguments[2])
    shut_in(parent, memory_mb=task["memory_mb"], cpu_seconds=task["cpu_seconds"])
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = task["most_pixels"]
    try:
        with os.fdopen(descriptor, "wb") as file:
            if task["what"] == "look":
                file.write(json.dumps(_look(task)).encode())
            elif task["what"] == "read":
                file.write(_read(task).encode())
            else:
                _show(task, file)
    except Refused as why:
        sys.stdout.write(str(why))
        return REFUSED
    return 0


def _look(task: dict[str, Any]) -> dict[str, Any]:
    """Say how many pages a proof has, how the first one of a photo or a scan looks, and what text a PDF carries."""
    if task["media_type"] != _PDF:
        picture = _photo(task, _LOOKED_AT)
        return {"pages": 1, "look": look_of(picture), "text": ""}
    document = _open(task)
    if len(document) > task["most_pages"]:
        raise Refused("too_many_pages")
    if not len(document):
        raise Refused("broken")
    texts = [document[at].get_textpage().get_text_range() for at in range(min(len(document), _PAGES_OF_TEXT))]
    text = "\n".join(texts)[:_MOST_LETTERS]
    first = _page(document, 0, _LOOKED_AT)
    # what a program printed looks like everything else that it prints: only a scan has a look of its own
    look = None if len(text.strip()) >= _A_TEXT else look_of(first)
    return {"pages": len(document), "look": look, "text": text, **_said(document)}


def _said(document: Any) -> dict[str, str]:
    """Give what a PDF says of how it was made, as it writes it."""
    said = document.get_metadata_dict()
    maker = said.get("Producer") or said.get("Creator") or ""
    printable = "".join(letter for letter in maker if letter.isprintable())[:_LONGEST_MAKER].strip()
    return {"maker": printable, "made": said.get("CreationDate", "")[:40], "changed": said.get("ModDate", "")[:40]}


def _show(task: dict[str, Any], file: IO[bytes]) -> None:
    widest = task["widest"]
    picture = _page(_open(task), task["page"] - 1, widest) if task["media_type"] == _PDF else _photo(task, widest)
    # what a camera notes of a photo stays behind, a comment too: only the pixels are written
    picture.info.clear()
    picture.save(file, "JPEG", quality=_QUALITY, optimize=True)


def _read(task: dict[str, Any]) -> str:
    """Give the text of the first page, as the program for that reads it; it is shut in as this process is."""
    page = _page(_open(task), 0, _READ_AT) if task["media_type"] == _PDF else _photo(task, _READ_AT)
    picture = io.BytesIO()
    page.save(picture, "PNG")
    program, alone = task["tesseract"], {"OMP_THREAD_LIMIT": "1", "PATH": os.defpath}
    known = (
        subprocess.run([program, "--list-langs"], capture_output=True, check=False, env=alone).stdout.decode().split()
    )
    languages = "+".join(one for one in task["languages"] if one in known)
    asked = [program, "stdin", "stdout", *(["-l", languages] if languages else [])]
    done = subprocess.run(asked, input=picture.getvalue(), capture_output=True, check=False, env=alone)
    return done.stdout.decode("utf-8", "replace")[:_MOST_LETTERS] if done.returncode == 0 else ""


def look_of(picture: Image.Image) -> int:
    """Give 64 bits of how a picture looks, as signed: which of two neighbours is brighter, of 9 × 8 grey fields."""
    grey = picture.convert("L").resize((9, 8), Image.Resampling.BOX).tobytes()
    bits = 0
    for row in range(8):
        for column in range(8):
            at = row * 9 + column
            bits = bits << 1 | (grey[at] < grey[at + 1])
    return bits - (1 << 64) if bits >> 63 else bits


def _photo(task: dict[str, Any], widest: int) -> Image.Image:
    """Open a photo, the right way up, no wider and no higher than so many pixels."""
    if task["media_type"] == "image/heic":
        import pi_heif

        pi_heif.register_heif_opener()
    try:
        with Image.open(Path(task["path"]), formats=[_FORMATS[task["media_type"]]]) as picture:
            picture.draft("RGB", (widest, widest))
            turned = upright(picture)
            turned.thumbnail((widest, widest))
            return _on_white(turned)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused("too_many_pixels") from None
    except UNREADABLE:
        raise Refused("broken") from None


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode in ("RGB", "L"):
        return picture
    with_alpha = picture.convert("RGBA")
    ground = Image.new("RGB", with_alpha.size, "white")
    ground.paste(with_alpha, mask=with_alpha.getchannel("A"))
    return ground


def _open(task: dict[str, Any]) -> Any:
    import pypdfium2
    from pypdfium2.raw import FPDF_ERR_PASSWORD

    try:
        return pypdfium2.PdfDocument(Path(task["path"]))
    except pypdfium2.PdfiumError as problem:
        raise Refused("locked" if problem.err_code == FPDF_ERR_PASSWORD else "broken") from None


def _page(document: Any, place: int, widest: int) -> Image.Image:
    """Draw a page of a PDF, no wider and no higher than so many pixels."""
    import pypdfium2

    try:
        page = document[place]
        width, height = page.get_size()
        if not (width > 0 and height > 0):
            raise Refused("broken")
        drawn = page.render(scale=min(widest / width, widest / height), may_draw_forms=False)
        return _on_white(drawn.to_pil().copy())
    except (pypdfium2.PdfiumError, IndexError, ValueError):
        raise Refused("broken") from None
