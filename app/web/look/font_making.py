"""Makes the fonts of the pages: FiraGO, cut to the letters that our languages need.

It takes some seconds of computing, so it is done once, in a process of its own
(`python -m app.web.look.font_making DIR`), and kept in the home.
"""

import functools
import hashlib
import importlib.metadata
import io
import os
import sys
import tempfile
from pathlib import Path

WEIGHTS = {"figo": 400, "figbo": 700}
"""Fonts of pymupdf-fonts, and the weight that each is."""

_LETTERS = (
    *range(0x20, 0x7F),
    *range(0xA0, 0x180),  # Latin with what Polish, Spanish and their neighbours put above and below
    *range(0x218, 0x21C),
    *range(0x400, 0x460),  # Cyrillic
    0x490,
    0x491,
    *range(0x2009, 0x2028),  # dashes, quotation marks, ellipsis, narrow spaces
    0x202F,
    0x2030,
    0x2039,
    0x203A,
    0x20AC,
    0x20B4,
    0x20BD,
    0x2116,
    0x2122,
    *range(0x2190, 0x2194),
    0x2212,
    0x2260,
    0x2264,
    0x2265,
)
_SPACE, _NARROW_SPACE = 0x20, 0x202F
_FEATURES = ("kern", "liga", "ccmp", "locl", "mark", "mkmk", "calt", "tnum", "lnum", "case")


@functools.cache
def edition() -> str:
    """Name what the fonts are made of: another package or other letters make another edition."""
    parts = (
        importlib.metadata.version("pymupdf-fonts"),
        importlib.metadata.version("fonttools"),
        repr((_LETTERS, _FEATURES, WEIGHTS)),
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def make(folder: Path) -> None:
    """Make every font that is not there yet. A font appears whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in WEIGHTS:
        target = folder / f"{edition()}-{name}.woff2"
        if target.exists():
            continue
        descriptor, made = tempfile.mkstemp(dir=folder, suffix=".part")
        with os.fdopen(descriptor, "wb") as file:
            file.write(_cut(name))
        Path(made).chmod(0o644)
        Path(made).replace(target)


def _cut(name: str) -> bytes:
    import pymupdf_fonts
    from fontTools import subset

    options = subset.Options()
    options.flavor = "woff2"
    options.layout_features = list(_FEATURES)
    options.hinting = False
    options.name_IDs = [1, 2, 13, 14]  # the family, the style and the licence
    options.ignore_missing_unicodes = True
    options.drop_tables += ["TTFA"]
    font = subset.load_font(io.BytesIO(pymupdf_fonts.fontbuffers[name]()), options)
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap.setdefault(_NARROW_SPACE, table.cmap[_SPACE])  # joins figures to their units
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=_LETTERS)
    cutter.subset(font)
    written = io.BytesIO()
    subset.save_font(font, written, options)
    return written.getvalue()


if __name__ == "__main__":
    make(Path(sys.argv[1]))
