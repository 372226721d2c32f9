"""What is refused in a dialog stands there again: the dialog open, what was typed in it, what is wrong beside it."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import select

from app.models.promotions import Promotion
from tests.app.web.admin.promotions.test_promotions import known, send, written
from tests.app.web.admin.rules.test_rules import _set
from tests.app.web.world import World

As = Callable[[str], FlaskClient]

ELSEWHERE = {"basket.py"}
"""Where the form is a number in a row of a list, with nothing else to lose."""


def test_a_refused_dialog_is_open_again_with_what_was_typed(world: World, as_: As) -> None:
    admin, second = as_("administrator"), as_("owner")
    _set(world, rules={"second_person": True})
    assert written(admin, world, code="refused").status_code == 303
    ((promotion_id,),) = known(world, select(Promotion.id).where(Promotion.code == "refused"))
    page = f"/programs/{world.a}/promotions/{promotion_id}"
    send(admin, f"{page}/ask", page)
    long = "Say more. " * 30
    for note in ("", long):
        answer = send(second, f"{page}/send-back", page, note=note)
        assert answer.status_code == 400
        dialog = answer.text.partition('id="send-back"')[2].partition("</dialog>")[0]
        assert "data-problems" in dialog, "which opens it"
        assert 'id="note-problem"' in dialog
        assert not note or f'value="{note.strip()}"' in dialog
        assert _led(answer.text) == _led(second.get(page).text), "lists and forms lead back to the page"
    assert send(second, f"{page}/send-back", page, note="Say more").status_code == 303


def _led(page: str) -> set[str]:
    """Give where a page leads, and where its forms lead back to."""
    return set(re.findall(r'(?:href|name="back" value)="(/programs/[^"]*)"', page))


def test_no_address_throws_away_what_was_typed() -> None:
    found = set()
    for path in (*Path("app/web").rglob("*.py"), *Path("prepaid").rglob("*.py")):
        for branch in _refusals(ast.parse(path.read_text(encoding="utf-8"))):
            calls = {ast.unparse(one.func) for one in ast.walk(branch) if isinstance(one, ast.Call)}
            if "flash" in calls:
                found.add(path.name)
    assert found <= ELSEWHERE, "answer by app.web.forms.refused.again, so that the form stands there again"


def _refusals(tree: ast.AST) -> Iterator[ast.AST]:
    """Give what is done where a form is not valid."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and re.fullmatch(r"not \w*form\w*\.validate\(\)", ast.unparse(node.test)):
            yield from node.body
