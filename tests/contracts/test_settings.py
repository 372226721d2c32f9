"""Settings: every one is documented with its default, and nothing is documented that is not one."""

import ast
import re

from app.config import PROJECT, Settings
from tests.contracts.sources import ROOMS, modules, name_of, nodes_of

OF_SETTINGS_ALONE = {
    "app/local/users.py": "hands the whole environment on to the keeper, with the way to our modules",
    "app/local/children.py": "hands the whole environment on to a child",
    "app/local/keeper.py": "takes PG* away, which would steer its own connections",
    "app/local/binaries.py": "looks for programs on the PATH",
    "app/demo/show.py": "sets KONTOR_DEMO for the processes it starts",
}
"""Modules that touch the environment by themselves, and what for; everybody else asks ``settings()``."""


def _variable(name: str) -> str:
    field = Settings.model_fields[name]
    return str(field.validation_alias or f"{Settings.model_config['env_prefix']}{name.upper()}")


def _documented() -> dict[str, tuple[str, str]]:
    """Read the table of settings: variable -> default and meaning."""
    page = (PROJECT / "docs/operations.md").read_text(encoding="utf-8")
    section = page.split("## Settings", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.+?) \| (.+?) \|$", section, re.MULTILINE)
    return {variable: (default, meaning) for variable, default, meaning in rows}


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    assert set(_documented()) == {_variable(name) for name in Settings.model_fields}


def test_a_documented_default_is_the_default() -> None:
    documented = _documented()
    compared = 0
    for name, field in Settings.model_fields.items():
        default, meaning = documented[_variable(name)]
        assert meaning.strip()
        if isinstance(field.default, bool):
            assert default == ("on" if field.default else "off"), name
        elif isinstance(field.default, int | float | str):
            written = re.fullmatch(r"`(.+)`", default)
            assert written, f"{name}: {default}"
            assert type(field.default)(written[1]) == field.default, name
            compared += 1
    assert compared >= 7


def test_every_setting_describes_itself() -> None:
    assert not [name for name, field in Settings.model_fields.items() if not field.description]


def test_nobody_reads_the_environment_past_the_settings() -> None:
    found = set()
    for path in modules(*ROOMS):
        for node in nodes_of(path):
            if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "environb"):
                found.add(name_of(path))
    assert found == set(OF_SETTINGS_ALONE)


def test_every_variable_that_the_project_speaks_of_is_explained() -> None:
    """Also those of the tests: whoever meets one in a file finds out what it does."""
    explained = "".join(
        (PROJECT / name).read_text(encoding="utf-8")
        for name in ("docs/operations.md", "CONTRIBUTING.md", "README.md", "scripts/test")
    )
    spoken_of: dict[str, set[str]] = {}
    texts = [*modules(*ROOMS, "tests", "bench"), *(PROJECT / "scripts").iterdir(), *(PROJECT / ".ci").iterdir()]
    for path in texts:
        for variable in re.findall(r"\bKONTOR_[A-Z][A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8")):
            spoken_of.setdefault(variable, set()).add(name_of(path))
    assert "KONTOR_HOME" in spoken_of
    unexplained = {variable: where for variable, where in spoken_of.items() if variable not in explained}
    assert not unexplained
