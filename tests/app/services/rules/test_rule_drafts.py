"""Drafts of rules: a page may show the first of them, a replay takes all."""

from app.domain.states import RuleDraftSubject
from app.services.rules import rule_drafts
from tests.support.desk import Desk
from tests.support.programs import NOW


def test_a_replay_takes_every_draft_however_many_a_page_shows(desk: Desk) -> None:
    """It took 500, and told nobody that what it gave was of those alone."""
    drafted = [{"code": code, "name": code, "kind": "per_line", "points": 1} for code in ("one", "two", "three")]
    for document in drafted:
        rule_drafts.put(desk.session, desk.program, RuleDraftSubject.RULE, document, actor="ann", now=NOW)
    shown = rule_drafts.open_drafts(desk.session, desk.program.id, most=2)
    assert ([one.code for one in shown], shown.more) == (["one", "two"], 1)
    assert [one.code for one in rule_drafts.proposed(desk.session, desk.program.id)] == ["one", "two", "three"]
