"""Photos the right way up: turned as their camera says, whatever else it wrote into them."""

import contextlib
import struct

from PIL import ExifTags, Image

UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    AssertionError,
    struct.error,
)
"""What Pillow raises on a file that is no picture, or a broken one."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a photo upright, by how its camera was held."""


def upright(photo: Image.Image) -> Image.Image:
    """Give a photo the right way up.

    Pillow's own way writes everything that the camera noted anew, and fails where that was written badly, as many do.
    """
    photo.load()
    held = None
    with contextlib.suppress(SyntaxError, ValueError, struct.error, OSError):  # notes that cannot be read turn nothing
        held = photo.getexif().get(ExifTags.Base.Orientation)
    turn = _TURNS.get(held) if isinstance(held, int) else None
    return photo if turn is None else photo.transpose(turn)
