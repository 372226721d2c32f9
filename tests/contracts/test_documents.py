"""Documents: what they point at is there, and what they say of the code is so."""

import re
import tomllib
from pathlib import Path

import pytest

from app.config import PROJECT
from tests.contracts.sources import EVERYTHING, modules, name_of

DOCUMENTS = sorted(
    [*PROJECT.glob("*.md"), *(path for path in (PROJECT / "docs").rglob("*.md"))],
    key=lambda path: path.as_posix(),
)
DECISIONS = sorted((PROJECT / "docs/decisions").glob("*.md"))


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_a_link_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if "://" in target or target.startswith(("#", "mailto:")):
            continue
        assert (path.parent / target.split("#")[0]).exists(), f"{name_of(path)} links to {target}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_a_file_that_is_named_is_there(path: Path) -> None:
    """What stands in backticks and looks like a file of the project is one."""
    rooms = "|".join((*EVERYTHING, "templates", "scripts", "docs"))
    for named in re.findall(rf"`((?:{rooms})/[^`\s*<>{{}}]*)`", path.read_text(encoding="utf-8")):
        assert (PROJECT / named.split("::")[0]).exists(), f"{name_of(path)} names {named}"


def test_decisions_are_numbered_without_a_gap_and_say_the_four_things() -> None:
    assert len(DECISIONS) >= 9
    for number, path in enumerate(DECISIONS, start=1):
        text = path.read_text(encoding="utf-8")
        assert re.fullmatch(rf"{number:04}-[a-z0-9-]+\.md", path.name), path.name
        assert text.startswith(f"# {number}. "), path.name
        parts = re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE)
        assert parts == ["Context", "Decision", "Status", "Consequences"], path.name


def test_a_decision_that_is_cited_was_taken() -> None:
    numbers = {int(path.name[:4]) for path in DECISIONS}
    cited = 0
    for path in [*modules(*EVERYTHING), *DOCUMENTS]:
        for number in re.findall(r"docs/decisions/(\d{4})|\(decision (\d+)\)", path.read_text(encoding="utf-8")):
            assert int(number[0] or number[1]) in numbers, f"{name_of(path)} cites {number}"
            cited += 1
    assert cited > 5


def test_the_architecture_tells_the_direction_of_imports_that_is_held() -> None:
    page = (PROJECT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    drawn = page.split("## Which way imports run", 1)[1].split("```")[1]
    layers = [re.split(r"\s+[|:]\s+", re.split(r"\s{2,}", line.strip())[0]) for line in drawn.strip().splitlines()]
    held = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    contract = next(one for one in held["contracts"] if one["type"] == "layers")
    assert layers == [re.split(r" : ", layer) for layer in contract["layers"]]


def test_the_architecture_names_every_room() -> None:
    page = (PROJECT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = page.split("## Rooms", 1)[1].split("```")[1]
    for room in sorted(path.parent.name for path in (PROJECT / "app").glob("*/__init__.py")):
        assert re.search(rf"^ *{room}/", rooms, re.MULTILINE), f"app/{room} is not in ARCHITECTURE.md"
    for folder in re.findall(r"^([a-z]+)/ ", rooms, re.MULTILINE):
        assert (PROJECT / folder).is_dir(), folder


def test_the_glossary_is_in_order_and_has_one_line_for_each_word() -> None:
    page = (PROJECT / "docs/glossary.md").read_text(encoding="utf-8")
    words = [
        re.sub(r"[*`(].*", "", word).strip().casefold() for word in re.findall(r"^\| ([^|]+) \|", page, re.MULTILINE)
    ]
    words = [word for word in words if word not in ("word",) and not word.startswith("---")]
    assert len(words) > 30
    assert words == sorted(words)
    assert len(words) == len(set(words))
