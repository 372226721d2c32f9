"""Pictures of invoices of our own making: a sheet as a phone takes it on a counter, or as a printer writes it."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pymupdf_fonts
from PIL import Image, ImageDraw, ImageFilter, ImageFont

_SHEET = (1_050, 1_480)
_DESK = (214, 205, 192)


@dataclass(frozen=True)
class Row:
    """A line as it is printed."""

    name: str
    quantity: str
    net: str


def photo(number: str, issued_on: str, seller: str, rows: Sequence[Row], total: str, *, seed: int) -> bytes:
    """Take a photo of an invoice that lies on a counter, a little askew: a JPEG."""
    drawn = np.random.default_rng(seed)
    sheet = _sheet(number, issued_on, seller, rows, total)
    desk = Image.new("RGB", (_SHEET[0] + 240, _SHEET[1] + 240), _DESK)
    turned = sheet.convert("RGBA").rotate(float(drawn.uniform(-3, 3)), Image.Resampling.BICUBIC, expand=True)
    desk.paste(turned, (90, 80), turned)
    light = np.asarray(desk, dtype=np.float32) * np.linspace(1.0, 0.82, desk.height)[:, None, None]
    grain = drawn.normal(0, 4, light.shape[:2])[:, :, None]
    seen = Image.fromarray(np.clip(light + grain, 0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.6))
    made = io.BytesIO()
    seen.save(made, "JPEG", quality=78)
    return made.getvalue()


def pdf(number: str, issued_on: str, seller: str, rows: Sequence[Row], total: str) -> bytes:
    """Print an invoice into a PDF of one page."""
    made = io.BytesIO()
    _sheet(number, issued_on, seller, rows, total).save(made, "PDF", resolution=127)
    return made.getvalue()


def _sheet(number: str, issued_on: str, seller: str, rows: Sequence[Row], total: str) -> Image.Image:
    sheet = Image.new("RGB", _SHEET, "white")
    pen = ImageDraw.Draw(sheet)

    def write(at: tuple[int, int], text: str, size: int, *, bold: bool = False, anchor: str = "ls") -> None:
        pen.text(at, text, fill=(24, 28, 36), font=_font(size, bold=bold), anchor=anchor)

    write((70, 130), "FAKTURA VAT", 54, bold=True)
    write((70, 190), f"nr {number}", 36)
    write((980, 130), f"Data wystawienia: {issued_on}", 26, anchor="rs")
    write((70, 290), "Sprzedawca", 22)
    write((70, 330), seller, 32, bold=True)
    for x, title in ((70, "Nazwa"), (700, "Ilość"), (980, "Wartość netto")):
        write((x, 450), title, 24, bold=True, anchor="ls" if x == 70 else "rs")
    pen.line((70, 470, 980, 470), fill=(24, 28, 36), width=3)
    for at, row in enumerate(rows):
        y = 530 + 70 * at
        write((70, y), row.name, 28)
        write((700, y), row.quantity, 28, anchor="rs")
        write((980, y), row.net, 28, anchor="rs")
        pen.line((70, y + 22, 980, y + 22), fill=(205, 210, 218), width=1)
    write((980, 600 + 70 * len(rows)), f"Razem netto: {total} PLN", 34, bold=True, anchor="rs")
    return sheet


def _font(size: int, *, bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(io.BytesIO(pymupdf_fonts.fontbuffers["figbo" if bold else "figo"]()), size)
