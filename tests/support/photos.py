"""Photos of invoices of our own making: a page with lines of text, as a phone takes it, with where it was taken."""

import base64
import io
import random

from PIL import Image, ImageDraw

GPS = 0x8825
_MAKE = 0x010F
CAMERA = "Axolotl Cameras"


HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAX1tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAA"
    "ACJpbG9jAAAAAERAAAEAAQAAAAABoQABAAAAAAAAAKUAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRt"
    "AAAAAAABAAAA/WlwcnAAAADdaXBjbwAAAHZodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMA"
    "AAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29scm5j"
    "bHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xhcAAAAEAAAAABAAAAMAAAAAEAAAAAAAAAAv////AAAAACAAAAEHBp"
    "eGkAAAAAAwgICAAAABhpcG1hAAAAAAAAAAEAAQWBAgMFhAAAAK1tZGF0AAAAoSgBrxmAxEcA5JhATS88WvRkGD/fMBQ5rTx2A9ON"
    "bMgbkZQ+fBeGivKd1hwsM9dZj8ziIN9rcPbiS0ECQXltrHZ3vedelFurl7tNk6CT9W6qPzg5z762qaXqrspSIVctGZoWWixlFhQ8"
    "37bNUi/ohOJO0rQxMpbZjaeNOfyNpo5El52xSnCS+QODASOhbU2hVEL2BgRJ2J4vlkm1uNm/HM9D"
)
"""Two rectangles of our own drawing, as an iPhone keeps its photos: nothing here writes that form."""


def photo(number: str = "FV/1", form: str = "JPEG", *, size: tuple[int, int] = (900, 1200)) -> bytes:
    """Draw a page that bears a number as it lies on some desk, and save it as a camera does: each looks otherwise."""
    drawn = random.Random(number)
    picture = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(picture)
    for column in range(9):
        for row in range(8):
            shade = drawn.randrange(150, 250)
            at = (column * size[0] // 9, row * size[1] // 8, (column + 1) * size[0] // 9, (row + 1) * size[1] // 8)
            pen.rectangle(at, fill=(shade, shade, shade))
    pen.text((60, 60), f"Faktura {number}", fill="black", font_size=56)
    for row in range(12):
        pen.text(
            (60, 220 + 70 * row),
            f"{row + 1}.  Wiertarka {drawn.randrange(100) + row}   1 szt.",
            fill="black",
            font_size=34,
        )
    told = Image.Exif()
    told[_MAKE] = CAMERA
    told[GPS] = {1: "N", 2: (52.0, 13.0, 48.0), 3: "E", 4: (21.0, 0.0, 44.0)}
    made = io.BytesIO()
    picture.save(made, form, exif=told)
    return made.getvalue()


def bomb(side: int = 60_000) -> bytes:
    """Make a PNG of a few hundred bytes that says it has so many pixels a side."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def pages(count: int, *, width: int = 595) -> bytes:
    """Make a PDF of empty pages."""
    import pypdfium2

    document = pypdfium2.PdfDocument.new()
    for _page in range(count):
        document.new_page(width, 842)
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


def written(*lines: str) -> bytes:
    """Make a PDF of one page with lines of text."""
    shown = b" ".join(b"(%s) '" % line.encode("ascii") for line in lines)
    stream = b"BT /F1 14 Tf 20 TL 60 780 Td %s ET" % shown
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    made, places = b"%PDF-1.4\n", []
    for at, content in enumerate(objects, start=1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (at, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
    return made + end % (table, len(made))
