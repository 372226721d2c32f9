"""Differences between the provider's statements and our books: what each means, and what is done about it."""

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, Text, cast, func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.db.transaction import transaction
from app.domain.measures.calendar import local_date
from app.domain.program_file.reconciliation import ways_of
from app.domain.states import FindingAnswer, Unit
from app.extensions import db
from app.models.desk import AdjustmentRequest
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.prepaid import Redemption, TopUp
from app.models.reconciling import ProviderStatement, StatementFinding, StatementLine
from app.services.by_hand.adjustments import MOST, AdjustmentError
from app.web import formats
from app.web.context import now, person, scope, session
from app.web.finance.reconciling import words
from app.web.forms.fields import Between, MoneyField, PointsField
from app.web.forms.form import Form, choice
from app.web.lists import together
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Action, Choice, Column, Kind, Listing, OneOf, Search, To
from app.web.lists.together import Deed, Row, Stays
from app.web.words.wording import PROVIDER
from prepaid.errors import PrepaidError
from prepaid.reconciling import answering, reading

bp = Blueprint("differences", __name__)

_FIRST_STATEMENTS = 100
_OPEN, _CLOSED = "open", "closed"


class Note(Form):
    """Why nothing else is done about a difference."""

    reason = TextAreaField(
        _("Reason"), [InputRequired(_("Say why.")), Length(max=500)], description=_("What was found, and with whom.")
    )

    @classmethod
    def of(cls, what: str, **options: Any) -> "Note":
        """Make the form of one thing that can be done: the page has one for each."""
        form = cls(**options)
        form.reason.id = f"{what}-reason"
        return form


class Adjusting(Form):
    """Points that are asked for; a second person decides."""

    way = SelectField(
        _("What is asked for"), choices=[choice("give", _("Give points")), choice("take", _("Take points"))]
    )
    points = PointsField(_("Points"), [InputRequired(_("Say how many.")), Between(1, MOST)])
    why = TextAreaField(_("Reason"), [InputRequired(_("Say why.")), Length(max=400)])


class AdjustingMoney(Form):
    """Money that is asked for, where the load was of money that rules gave."""

    way = SelectField(
        _("What is asked for"), choices=[choice("give", _("Give money")), choice("take", _("Take money"))]
    )
    points = MoneyField(_("Amount"), [InputRequired(_("Say how much.")), Between(1, MOST)])
    why = TextAreaField(_("Reason"), [InputRequired(_("Say why.")), Length(max=400)])


_ADJUSTING = {Unit.POINTS: Adjusting, Unit.MONEY: AdjustingMoney}


_QUERY: Select[Any] = (
    select()
    .select_from(StatementFinding)
    .join(ProviderStatement, ProviderStatement.id == StatementFinding.statement_id)
    .outerjoin(StatementLine, StatementLine.id == StatementFinding.line_id)
    .outerjoin(TopUp, TopUp.id == StatementFinding.top_up_id)
    .outerjoin(Redemption, Redemption.id == TopUp.redemption_id)
    .outerjoin(Account, Account.id == Redemption.account_id)
    .outerjoin(Distributor, Distributor.id == Account.distributor_id)
    .where(ProviderStatement.program_id == HERE)
)


def _statements() -> list[Choice]:
    rows = session().execute(
        select(ProviderStatement.id, ProviderStatement.from_on, ProviderStatement.to_on)
        .where(ProviderStatement.program_id == scope().program.id)
        .order_by(ProviderStatement.id.desc())
        .limit(_FIRST_STATEMENTS)
    )
    return [Choice(str(id_), f"{id_}: {formats.day(first)} – {formats.day(last)}") for id_, first, last in rows]


DIFFERENCES = Listing(
    name="differences",
    title=_("Differences"),
    columns=(
        Column(
            "kind",
            _("Difference"),
            StatementFinding.kind,
            link=To("differences.show", finding_id="row_id"),
            words=lambda kind: words.KIND[kind],
            small="reference",
        ),
        Column(
            "reference",
            _("Reference"),
            func.coalesce(TopUp.reference, StatementLine.reference),
            Kind.CODE,
            shown=False,
        ),
        Column(
            "name",
            _("Distributor"),
            Distributor.name,
            link=To("records.show", distributor_id="distributor_id"),
        ),
        Column("booked_on", _("Booked"), StatementLine.booked_on, Kind.DAY, phone=False),
        Column("ours", _("Our books"), StatementFinding.ours_minor, Kind.MONEY),
        Column("theirs", _("Statement"), StatementFinding.theirs_minor, Kind.MONEY),
        Column(
            "statement",
            _("Found in"),
            StatementFinding.statement_id,
            Kind.NUMBER,
            StatementFinding.statement_id,
            link=To("reconciliation.show", provider_statement_id="statement"),
            phone=False,
        ),
        Column("number", _("Number"), StatementFinding.id, Kind.NUMBER, StatementFinding.id, shown=False),
        Column("closed_by", _("Closed by"), StatementFinding.closed_by, Kind.PERSON, phone=False),
        Column(
            "state",
            _("State"),
            func.coalesce(cast(StatementFinding.answer, Text), _OPEN),
            badge=lambda value: words.ANSWER[None if value == _OPEN else FindingAnswer(value)],
        ),
        Column("distributor_id", "", Distributor.id, shown=False, exported=False),
    ),
    query=_QUERY,
    id=StatementFinding.id,
    default="-number",
    filters=(
        Search(TopUp.reference, StatementLine.reference, Distributor.name, title=_("Reference or distributor")),
        OneOf(
            "state",
            _("State"),
            [Choice(_OPEN, _("Open"), waits=True), Choice(_CLOSED, _("Closed"))],
            lambda value: StatementFinding.answer.is_(None) if value == _OPEN else StatementFinding.answer.is_not(None),
        ),
        OneOf.named("kind", _("Difference"), StatementFinding.kind, words.KIND),
        OneOf("statement", _("Found in"), _statements, lambda value: StatementFinding.statement_id == int(value)),
    ),
    actions=(Action(_("Close with a note…"), "differences.note_many", "prepare_run"),),
)


@bp.get("/programs/<code:program_code>/differences")
def index(program_code: str) -> str | Response:
    return answer(DIFFERENCES, "finance/reconciling/differences.html", counted=True)


@bp.post("/programs/<code:program_code>/differences/note")
def note_many(program_code: str) -> together.Answer:
    """Close many with one note: a fee of the provider's that stands in every line, a day that is always late."""
    form = Note()

    def close(writing: Session, finding_id: int) -> None:
        try:
            answering.answer(
                writing,
                scope().program,
                finding_id,
                FindingAnswer.NOTED,
                reason=form.reason.data or "",
                actor=person().login,
                now=now(),
            )
        except PrepaidError as error:
            raise Stays(words.refusal(error)) from None

    return together.decide(
        Deed(
            DIFFERENCES,
            url_for("differences.index", program_code=program_code),
            "reconciliation",
            heading=lambda count: ngettext("Close %(num)s difference", "Close %(num)s differences", count),
            means=_("Nothing is settled, given back or asked for: the note alone says why they are closed."),
            now=_("Difference"),
            button=_("Close"),
            done=lambda count: ngettext("%(num)s difference is closed.", "%(num)s differences are closed.", count),
            form=form,
            look=_look,
            do=close,
        )
    )


def _look(ids: Sequence[int]) -> Iterator[Row]:
    """Give differences with what they are of."""
    found = session().execute(
        select(StatementFinding.id, StatementFinding.kind, StatementFinding.answer, TopUp.reference, Distributor.name)
        .select_from(StatementFinding)
        .outerjoin(TopUp, TopUp.id == StatementFinding.top_up_id)
        .outerjoin(Redemption, Redemption.id == TopUp.redemption_id)
        .outerjoin(Account, Account.id == Redemption.account_id)
        .outerjoin(Distributor, Distributor.id == Account.distributor_id)
        .where(StatementFinding.id.in_(ids))
    )
    for id_, kind, answered, reference, name in found:
        stays = None if answered is None else gettext("It is closed already.")
        yield Row(id_, reference or f"#{id_}", small=name or "", now=words.KIND[kind], stays=stays)


@bp.get("/programs/<code:program_code>/differences/<id:finding_id>")
def show(program_code: str, finding_id: int) -> str:
    return _page(finding_id)


_WAYS = {
    "settle": FindingAnswer.SETTLED,
    "return": FindingAnswer.RETURNED,
    "note": FindingAnswer.NOTED,
}


def _page(finding_id: int, asked: str | None = None, **forms: Form) -> str:
    found = reading.difference(session(), finding_id)
    finding, program = found.finding, scope().program
    proposed = answering.points_of(session(), finding)
    adjustment = session().get(AdjustmentRequest, finding.adjustment_id) if finding.adjustment_id else None
    ours, theirs = words.both(finding)
    moved_at = (found.top_up.settled_at or found.top_up.created_at) if found.top_up is not None else None
    data = {"way": "take" if proposed < 0 else "give", "points": abs(proposed) or None}
    return render_template(
        "finance/reconciling/difference.html",
        found=found,
        finding=finding,
        ours=ours,
        theirs=theirs,
        our_day=None if moved_at is None else local_date(moved_at, program.time_zone),
        words=words,
        state=words.ANSWER[finding.answer],
        ways=[one.value for one in ways_of(finding.kind)],
        provider=PROVIDER.get(found.statement.provider, found.statement.provider),
        adjustment=adjustment,
        asked=asked,
        forms={what: Note.of(what, formdata=None) for what in _WAYS}
        | {"adjust": _ADJUSTING[answering.unit_of(session(), finding)](formdata=None, data=data)}
        | forms,
    )


@bp.post("/programs/<code:program_code>/differences/<id:finding_id>/<any(settle,return,note):what>")
def decide(program_code: str, finding_id: int, what: str) -> Response | tuple[str, int]:
    form = Note.of(what)
    if not form.validate():
        return _page(finding_id, what, **{what: form}), 400
    return _answer(finding_id, _WAYS[what], form.reason.data or "", None)


@bp.post("/programs/<code:program_code>/differences/<id:finding_id>/adjust")
def adjust(program_code: str, finding_id: int) -> Response | tuple[str, int]:
    finding = reading.difference(session(), finding_id).finding
    form = _ADJUSTING[answering.unit_of(session(), finding)]()
    if not form.validate():
        return _page(finding_id, "adjust", adjust=form), 400
    points = int(form.points.data) * (-1 if form.way.data == "take" else 1)
    return _answer(finding_id, FindingAnswer.ADJUSTED, form.why.data or "", points)


_SAID = {
    FindingAnswer.SETTLED: _("Settled: the load counts here as well."),
    FindingAnswer.RETURNED: _("The points are back where they came from."),
    FindingAnswer.ADJUSTED: _("The adjustment is asked for. A second person decides it."),
    FindingAnswer.NOTED: _("Closed, with your note."),
}


def _answer(finding_id: int, how: FindingAnswer, reason: str, points: int | None) -> Response:
    try:
        with transaction(db.session) as writing:
            answering.answer(
                writing, scope().program, finding_id, how, reason=reason, points=points, actor=person().login, now=now()
            )
    except (PrepaidError, AdjustmentError) as error:
        flash(words.refusal(error), "danger")
    else:
        flash(str(_SAID[how]), "success")
    return redirect(url_for("differences.show", program_code=scope().program.code, finding_id=finding_id), 303)
