"""Templates: each compiles, each is reached from a page, and no page asks for one that is not there."""

import ast
import re
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import Environment, meta, nodes
from jinja2.defaults import DEFAULT_FILTERS

from app.config import PROJECT, settings
from app.domain.saying.reasons import SENTENCES
from app.domain.typed.fields import KINDS
from app.factory import create_app
from app.local.servers import Addresses
from app.web.words import imports as import_words
from tests.contracts.sources import ROOMS, calls_of, modules, name_of, nodes_of

FOLDER = PROJECT / "templates"
TEMPLATES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file())


@pytest.fixture
def templates(environment: Path, addresses: Addresses) -> Environment:
    """The environment of the pages, with their filters and globals."""
    built: Flask = create_app(settings(), addresses, web=True)
    return built.jinja_env


def _asked_for() -> set[str]:
    """Name every template that the code writes out."""
    written = {
        node.value
        for path in modules(*ROOMS)
        for node in nodes_of(path)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return written & set(TEMPLATES)


def _rendered() -> set[str]:
    """Name what ``render_template`` is called with, be it there or not."""
    names: set[str] = set()
    for path in modules(*ROOMS):
        for node in calls_of(path):
            if getattr(node.func, "id", "") in ("render_template", "stream_template"):
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    names.add(str(first.value))
    return names


def _drawn_on(environment: Environment, name: str) -> set[str]:
    """Name the templates that one extends, includes or imports."""
    found = meta.find_referenced_templates(environment.parse((FOLDER / name).read_text(encoding="utf-8")))
    names = set(found)
    assert None not in names, f"{name} draws on a template whose name is computed"
    return {str(one) for one in names}


def test_every_template_compiles(templates: Environment) -> None:
    assert "base.html" in TEMPLATES
    for name in TEMPLATES:
        templates.get_template(name)


def test_every_template_is_reached_and_every_one_asked_for_is_there(templates: Environment) -> None:
    reached: set[str] = set()
    waiting = _asked_for() | _rendered()
    while waiting:
        name = waiting.pop()
        if name in reached or name.startswith("bootstrap5/"):
            continue
        assert name in TEMPLATES, f"{name} is asked for and is not there"
        reached.add(name)
        waiting |= _drawn_on(templates, name)
    assert sorted(reached) == TEMPLATES


def test_what_a_template_imports_it_uses(templates: Environment) -> None:
    for name in TEMPLATES:
        tree = templates.parse((FOLDER / name).read_text(encoding="utf-8"))
        imported = {one.target for one in tree.find_all(nodes.Import)}
        for named in tree.find_all(nodes.FromImport):
            imported |= {one[1] if isinstance(one, tuple) else one for one in named.names}
        used = {one.name for one in tree.find_all(nodes.Name) if one.ctx == "load"}
        assert sorted(imported - used) == [], name


def test_no_template_marks_what_came_from_outside_as_safe(templates: Environment) -> None:
    """``|safe`` takes the escaping away; what is safe is made so in Python, as Markup, where it is built."""
    assert templates.autoescape
    for name in TEMPLATES:
        tree = templates.parse((FOLDER / name).read_text(encoding="utf-8"))
        assert not [one for one in tree.find_all(nodes.Filter) if one.name == "safe"], name
        assert not list(tree.find_all((nodes.ScopedEvalContextModifier, nodes.EvalContextModifier))), name


def test_whoever_did_something_is_named() -> None:
    """What is stored of them is what they sign in with; `|who` says their name."""
    bare = re.compile(r"\w\.(?:actor|[a-z]+_by)\s*(?:\}\}|~)")
    found = {path.name: bare.findall(path.read_text(encoding="utf-8")) for path in FOLDER.rglob("*.html")}
    assert {name: said for name, said in found.items() if said} == {}


def test_no_filter_of_ours_is_worked_out_when_a_template_is_compiled(templates: Environment) -> None:
    """Over a literal, Jinja would write what the first reader reads into the template: for every reader after that."""
    ours = set(templates.filters) - set(DEFAULT_FILTERS)
    assert "counted_points" in ours
    for name in sorted(ours):
        with pytest.raises(nodes.Impossible):
            nodes.Filter(nodes.Const(0), name, [], [], None, None, environment=templates).as_const()


def test_what_is_stored_of_settings_is_read_with_what_came_since() -> None:
    """A row that an older version wrote lacks what came since, and its page would be a fault."""
    bare = re.compile(r"\bprogram\.settings(?:\.(?!get\b)|\[)")
    files = [*(PROJECT / "templates").rglob("*.html"), *modules(*ROOMS)]
    found = [name_of(path) for path in files if bare.search(path.read_text(encoding="utf-8"))]
    assert found == ["app/demo/claims.py"], "the demonstration's programme alone is always of today"


def test_what_stands_as_a_literal_is_written_for_each_reader(templates: Environment) -> None:
    written = templates.from_string("{{ 1234567|figure }}")
    app: Flask = templates.app  # type: ignore[attr-defined]
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert written.render() == "1,234,567"
    with app.test_request_context(headers={"Accept-Language": "pl"}):
        assert written.render() == "1\u202f234\u202f567"


def test_every_reason_and_every_kind_of_file_has_a_name() -> None:
    words = (FOLDER / "components/words.html").read_text(encoding="utf-8")
    nameless = [code for code in SENTENCES if f'"{code}": _(' not in words]
    assert nameless == [], "these would stand on pages as they are called in code"
    assert import_words.KINDS.keys() == KINDS.keys()


_OF_CALLS = re.compile(
    r"""\{%-?\s*(?P<call>call\s*(?:\([^)]*\)\s*)?(?P<name>\w+))|\{%-?\s*(?P<end>endcall)"""
    r"""|post_button\((?P<button>_\("[^"]*"\))(?:(?!\}\})[^\n])*?["']danger(?:-plain)?["']"""
)


def _done_without_a_question(text: str) -> list[str]:
    """Name the buttons of their own, in the colour of what cannot be taken back, that stand in no dialog."""
    found: list[str] = []
    around: list[str] = []
    for one in _OF_CALLS.finditer(text):
        if one["call"]:
            around.append(one["name"])
        elif one["end"]:
            around.pop()
        elif "dialog" not in around and not one["button"].endswith('…")'):
            found.append(one["button"])  # one that ends with dots leads to a page that asks
    return found


@pytest.mark.parametrize("name", [one for one in TEMPLATES if one.endswith(".html")])
def test_what_cannot_be_taken_back_is_asked_about_first(name: str) -> None:
    assert _done_without_a_question((FOLDER / name).read_text(encoding="utf-8")) == []


def test_a_button_without_a_question_is_found() -> None:
    button = '{{ post_button(_("Drop it"), url_for("x"), "danger-plain") }}'
    assert _done_without_a_question(button) == ['_("Drop it")']
    assert _done_without_a_question('{% call dialog("drop", _("Drop")) %}' + button + "{% endcall %}") == []
