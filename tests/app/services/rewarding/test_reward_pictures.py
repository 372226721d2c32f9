"""Pictures of rewards are small WebP, whatever was sent; what is no picture is refused."""

import io
import resource
import struct

import pytest
from PIL import Image

from app.local.forking import Readers
from app.services.rewarding.picture_maker import SIDE, Fault
from app.services.rewarding.reward_pictures import LARGEST_BYTES, PictureRefused, encoded


def sent(size: tuple[int, int], form: str = "PNG", mode: str = "RGB", **more: object) -> bytes:
    made = io.BytesIO()
    Image.new(mode, size, "navy").save(made, form, **more)
    return made.getvalue()


@pytest.mark.parametrize(
    ("form", "mode"), [("PNG", "RGB"), ("PNG", "RGBA"), ("JPEG", "RGB"), ("WEBP", "RGB"), ("GIF", "P")]
)
def test_what_is_kept_is_small_webp(form: str, mode: str) -> None:
    with Image.open(io.BytesIO(encoded(sent((1600, 1200), form, mode)))) as kept:
        assert (kept.format, kept.size) == ("WEBP", (SIDE, SIDE * 3 // 4))


def test_what_a_camera_wrote_is_gone_and_its_turn_is_done() -> None:
    told = Image.Exif()
    told[0x0112], told[0x010E] = 6, "51.1079 N 17.0385 E"
    kept = encoded(sent((400, 200), "JPEG", exif=told))
    assert b"17.0385" not in kept
    with Image.open(io.BytesIO(kept)) as picture:
        assert picture.size == (200, 400)
        assert not picture.getexif()


def without_palette() -> bytes:
    whole = sent((9, 9), mode="P")
    begins = whole.index(b"PLTE") - 4
    (length,) = struct.unpack(">I", whole[begins : begins + 4])
    return whole[:begins] + whole[begins + 12 + length :]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"<svg onload=alert(1)>", Fault.NO_PICTURE),
        (b"", Fault.NO_PICTURE),
        (sent((40, 40))[:60], Fault.NO_PICTURE),
        (b"%PDF-1.7", Fault.NO_PICTURE),
        (without_palette(), Fault.NO_PICTURE),
        (b"\0" * (LARGEST_BYTES + 1), Fault.TOO_HEAVY),
        (sent((9_000, 9_000), mode="1"), Fault.TOO_LARGE),
    ],
)
def test_what_cannot_be_one_is_refused(content: bytes, fault: Fault) -> None:
    with pytest.raises(PictureRefused) as refused:
        encoded(content)
    assert refused.value.fault is fault


def test_a_large_picture_takes_no_memory_where_pages_are_answered() -> None:
    """One of 39 million pixels as WebP took 600 MiB, on each of eight threads that was sent one."""
    content = sent((6_240, 6_240), "WEBP", lossless=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with Image.open(io.BytesIO(encoded(content))) as kept:
        assert kept.size == (SIDE, SIDE)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 << 10


def test_one_that_would_be_open_in_too_much_memory_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    few = Readers("tests.app.services.rewarding.little_memory")
    monkeypatch.setattr("app.services.rewarding.reward_pictures._MAKERS", few)
    with few, pytest.raises(PictureRefused) as refused:
        encoded(sent((6_000, 6_000)))
    assert refused.value.fault is Fault.TOO_LARGE
