"""The gallery shows every picture there is, each role is in it, and all of them together are small."""

import re
from pathlib import Path

from app.config import PROJECT
from app.domain.roles import BY_HAND, Role

DOCS = PROJECT / "docs"
MOST_BYTES = 1_500_000


def shown(document: Path) -> set[Path]:
    """Give the pictures that a document shows."""
    found = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", document.read_text(encoding="utf-8"))
    return {(document.parent / one).resolve() for one in found}


def test_the_gallery_shows_every_picture_and_no_other() -> None:
    there = {one.resolve() for one in (DOCS / "pictures").iterdir()}
    assert shown(DOCS / "gallery.md") == there
    assert shown(PROJECT / "README.md") <= there


def test_each_role_is_shown_at_both_sizes_in_light_and_in_dark() -> None:
    names = {one.stem for one in shown(DOCS / "gallery.md")}
    roles = {"distributor" if role is Role.OWNER else role.value for role in BY_HAND} | {"owner"}
    assert {f"{role}-{look}" for role in roles for look in ("desk", "desk-dark", "phone", "phone-dark")} <= names


def test_the_pictures_are_small() -> None:
    assert sum(one.stat().st_size for one in (DOCS / "pictures").iterdir()) < MOST_BYTES
