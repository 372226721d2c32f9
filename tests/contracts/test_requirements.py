"""Locks: every file by its hash, from wherever it comes, and everything that the project asks for."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from app.config import PROJECT

LOCKS = ("requirements.lock", "requirements-dev.lock")
ENTRY = re.compile(
    r"^([A-Za-z0-9._-]+)==(\S+)( ; .+?)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE
)


def _text(lock: str) -> str:
    return (PROJECT / lock).read_text(encoding="utf-8")


def _locked(lock: str) -> dict[str, set[str]]:
    """Give the versions that a lock holds of each package: one, or one for each kind of machine."""
    found: dict[str, set[str]] = {}
    for name, version, _, _ in ENTRY.findall(_text(lock)):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


def _asked_for(*, dev: bool) -> list[Requirement]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(project["optional-dependencies"]["dev"] if dev else [])]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_versions_with_hashes_and_nothing_else(lock: str) -> None:
    """What is left after the entries is comments: no address, no option, no file, nothing without a hash."""
    text = _text(lock)
    assert len(_locked(lock)) > 20
    rest = [line for line in ENTRY.sub("", text).splitlines() if line and not line.startswith("#")]
    assert not rest
    assert "://" not in text
    assert "--index-url" not in text


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_what_the_project_asks_for(lock: str) -> None:
    locked = _locked(lock)
    for requirement in _asked_for(dev=lock == "requirements-dev.lock"):
        versions = locked.get(canonicalize_name(requirement.name))
        assert versions, f"{lock} lacks {requirement}: run scripts/lock"
        assert all(requirement.specifier.contains(version) for version in versions), f"{lock}: {requirement}"


def test_the_tests_run_with_what_the_product_runs_with() -> None:
    product, tests = (_locked(lock) for lock in LOCKS)
    assert product.keys() < tests.keys()
    assert {name: tests[name] for name in product} == product
