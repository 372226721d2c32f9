"""Photos stand the right way up, however badly their cameras wrote the rest of what they noted."""

import io

import pytest
from PIL import Image, ImageOps

from app.photos import upright

GPS, HELD, MAKE = 0x8825, 0x0112, 0x010F


def noted() -> bytes:
    told = Image.Exif()
    told[HELD], told[MAKE], told[GPS] = 6, "Axolotl", {1: "N", 2: (52.0, 13.0, 48.0)}
    return told.tobytes()


def taken(notes: bytes) -> Image.Image:
    made = io.BytesIO()
    Image.new("RGB", (40, 20), "navy").save(made, "JPEG", exif=notes)
    return Image.open(made)


@pytest.mark.parametrize("held", range(1, 9))
def test_a_photo_is_turned_as_its_camera_says(held: int) -> None:
    picture = Image.new("L", (3, 2))
    picture.putdata(range(6))
    told = Image.Exif()
    told[HELD] = held
    made = io.BytesIO()
    picture.save(made, "PNG", exif=told)
    pillows = ImageOps.exif_transpose(Image.open(made))
    ours = upright(Image.open(made))
    assert (ours.size, ours.tobytes()) == (pillows.size, pillows.tobytes())


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, of what it skips
@pytest.mark.parametrize(("at", "wrong"), [(17, 0), (17, 26), (19, 11), (67, 0), (69, 3), (79, 27), (81, 1)])
def test_notes_that_were_written_badly_keep_no_photo_from_being_shown(at: int, wrong: int) -> None:
    """Pillow turns such a photo, and fails as it writes the notes anew: the photo was refused, or the page failed."""
    notes = bytearray(noted())
    notes[at] = wrong
    assert upright(taken(bytes(notes))).size == (20, 40)


def test_what_cannot_be_read_turns_nothing() -> None:
    assert upright(taken(b"Exif\0\0nonsense")).size == (40, 20)
