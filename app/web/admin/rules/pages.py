"""A programme's rules: the list of them, each with its sentence, its versions and where it meets others."""

from typing import Any

from flask import Blueprint, render_template
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import BigInteger, Date, and_, case, cast, func, select
from sqlalchemy.orm import aliased
from werkzeug.wrappers import Response
from wtforms.validators import InputRequired

from app.domain.rules.rule_changes import changes
from app.domain.states import RuleDraftSubject
from app.models.figures import RuleMonth
from app.models.rule_drafts import RuleDraft
from app.models.rules import EarningRule, EarningRuleVersion
from app.services.rulebooks import definition_of
from app.services.rules import rule_drafts
from app.services.rules.rule_conflicts import conflicts
from app.services.rules.rule_history import History, history_of
from app.web.addresses import text_asked
from app.web.admin.rules import speaking
from app.web.admin.rules.differing import change_words
from app.web.admin.rules.forms import KINDS, POLICIES
from app.web.context import scope, session
from app.web.forms.fields import DayField
from app.web.forms.form import Form
from app.web.forms.refused import fresh
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, TODAY, Badge, Choice, Column, Kind, Listing, OneOf, Search, To

bp = Blueprint("rules", __name__)

_SHOWN = 12

_NEWEST = aliased(EarningRuleVersion)
_OTHER = aliased(EarningRuleVersion)
_IS_NEWEST = (
    _NEWEST.version
    == select(func.max(_OTHER.version)).where(_OTHER.rule_id == EarningRule.id).correlate(EarningRule).scalar_subquery()
)
_DEFINITION: Any = _NEWEST.definition
_GIVEN = (
    select(cast(func.coalesce(func.sum(RuleMonth.amount), 0), BigInteger))
    .join(EarningRuleVersion, EarningRuleVersion.id == RuleMonth.rule_version_id)
    .where(EarningRuleVersion.rule_id == EarningRule.id)
    .correlate(EarningRule)
    .scalar_subquery()
)
_UNTIL = cast(_DEFINITION["scope"]["until"].astext, Date)
_FROM = func.greatest(_NEWEST.valid_from, cast(_DEFINITION["scope"]["from"].astext, Date))
_STATE: Any = case(
    (EarningRule.retired_at.is_not(None), "retired"),
    (_UNTIL < TODAY, "ended"),
    (_FROM > TODAY, "ahead"),
    else_="in_force",
)
STATE = {
    "in_force": Badge(_("In force"), "good"),
    "ahead": Badge(_("Begins later"), "wait"),
    "ended": Badge(_("Ended"), "plain"),
    "retired": Badge(_("Taken out"), "plain"),
}
_NAME: Any = _DEFINITION["name"].astext
_STACK = func.coalesce(_DEFINITION["stack"].astext, "base")
_KIND: Any = case((_DEFINITION.has_key("rates"), "matrix"), else_=_DEFINITION["kind"].astext)


def _sentence(row: Any) -> str:
    return speaking.said(definition_of(row.definition))


RULES = Listing(
    name="rules",
    title=_("Rules"),
    columns=(
        Column("name", _("Rule"), _NAME, sort=_NAME, link=To("rules.show", rule_id="row_id"), small=_sentence),
        Column("definition", _("Definition"), _DEFINITION, shown=False, exported=False),
        Column("code", _("Code"), EarningRule.code, Kind.CODE, EarningRule.code, phone=False),
        Column("kind", _("Kind"), _KIND, words=lambda kind: KINDS[kind][0], phone=False),
        Column("stack", _("Stack"), _STACK, sort=_STACK),
        Column("from", _("From"), _FROM, Kind.DAY, phone=False),
        Column("until", _("Until"), _UNTIL, Kind.DAY),
        Column("version", _("Version"), _NEWEST.version, Kind.NUMBER),
        Column("given", _("Has given"), _GIVEN, Kind.POINTS, _GIVEN),
        Column("state", _("State"), _STATE, badge=lambda state: STATE[state]),
    ),
    query=select()
    .select_from(EarningRule)
    .join(_NEWEST, and_(_NEWEST.rule_id == EarningRule.id, _IS_NEWEST))
    .where(EarningRule.program_id == HERE),
    id=EarningRule.id,
    default="name",
    filters=(
        Search(_NAME, EarningRule.code, title=_("Name or code")),
        OneOf(
            "kind",
            _("Kind"),
            [Choice(key, text) for key, (text, _example) in KINDS.items()],
            lambda kind: kind == _KIND,
        ),
        OneOf.named("state", _("State"), _STATE, STATE),
    ),
)
"""Rules are changed one by one: each change is a version that somebody looks at, so nothing is done to many at once."""


@bp.get("/programs/<code:program_code>/rules")
def index(program_code: str) -> str | Response:
    drafts = rule_drafts.open_drafts(session(), scope().program.id)
    return answer(RULES, "admin/rules/index.html", drafts=drafts, draft_name=draft_name)


@bp.get("/programs/<code:program_code>/rules/<id:rule_id>")
def show(program_code: str, rule_id: int) -> str:
    history = history_of(session(), rule_id)
    rule = history.newest.rule
    program = scope().program
    return render_template(
        "admin/rules/rule.html",
        history=history,
        rule=rule,
        kind=KINDS["matrix" if "rates" in history.newest.document else rule.kind][0],
        sentence=speaking.said(rule),
        state=STATE[state_of(history)],
        policy=POLICIES[program.stacks["policies"].get(rule.stack, "sum")],
        clashes_found=conflicts(session(), program, rule),
        draft=rule_drafts.open_draft_of(session(), program.id, history.code),
        words=change_words,
        given=lambda amount: speaking.given(rule, amount),
        shown=_SHOWN,
        form=fresh(EndForm, last=speaking.today()),
    )


@bp.get("/programs/<code:program_code>/rules/<id:rule_id>/compare")
def compare(program_code: str, rule_id: int) -> str:
    """Show what is different between two versions, the newest two where none are named."""
    history = history_of(session(), rule_id)
    known = {str(version.number): version for version in history.versions}
    other = known.get(text_asked("other"), history.newest)
    before = next((version for version in history.versions if version.number < other.number), other)
    one = known.get(text_asked("one"), before)
    changed = changes(one.document, other.document)
    return render_template(
        "admin/rules/compare.html", history=history, one=one, other=other, changed=changed, words=change_words
    )


class EndForm(Form):
    """With which day a rule ends."""

    last = DayField(_("Last day on which it gives"), [InputRequired(_("Choose a day."))])


def state_of(history: History) -> str:
    """Tell how a rule stands today, as the list does."""
    if history.retired_at is not None:
        return "retired"
    rule, today = history.newest.rule, speaking.today()
    if rule.scope.until is not None and rule.scope.until < today:
        return "ended"
    begins = max((day for day in (rule.valid_from, rule.scope.from_) if day is not None), default=today)
    return "ahead" if begins > today else "in_force"


def draft_name(draft: RuleDraft) -> str:
    """Call a draft by the name that it gives its rule."""
    if draft.subject is RuleDraftSubject.STACKS:
        return str(gettext("Stacks and named days"))
    return str(draft.document.get("name", draft.code))
