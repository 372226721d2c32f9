"""Reconciliation: statements of the card provider, each held against our books, and what differs."""

import tempfile
from pathlib import Path
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField, FileRequired
from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from app.db.transaction import transaction
from app.domain.states import BookingKind
from app.extensions import db
from app.jobs import messenger
from app.models.prepaid import TopUp
from app.models.reconciling import ProviderStatement, StatementFinding, StatementLine
from app.web import formats
from app.web.context import kontor, now, person, scope, session, settings
from app.web.finance.reconciling import words
from app.web.forms.asked import Stretch
from app.web.forms.form import Form
from app.web.lists import showing
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Badge, Choice, Column, Days, Kind, Listing, OneOf, Search, To
from app.web.words import imports as import_words
from app.web.words.wording import PROVIDER
from importers import drafts
from importers.batches import batches
from importers.errors import ImportRefused
from prepaid.errors import PrepaidError
from prepaid.reconciling import answering, reading

bp = Blueprint("reconciliation", __name__)

STATEMENTS = "statements"
"""The kind of import."""

LINES = 25


class Bringing(Form):
    """A statement of the provider."""

    file = FileField(_("Statement"), [FileRequired(_("Choose the provider's statement."))])


class Why(Form):
    """Why a statement is closed, or taken back."""

    why = TextAreaField(_("Reason"), [InputRequired(_("Say why.")), Length(max=500)])

    @classmethod
    def of(cls, what: str, **options: Any) -> "Why":
        """Make the form of one thing that can be done: the page has one for each."""
        form = cls(**options)
        form.why.id = f"{what}-why"
        return form


_OPEN = (
    select(func.count())
    .select_from(StatementFinding)
    .where(StatementFinding.statement_id == ProviderStatement.id, StatementFinding.answer.is_(None))
    .correlate(ProviderStatement)
    .scalar_subquery()
)


def state_of(closed: bool, open_: int) -> Badge:  # noqa: FBT001  # as the row has it
    """Say how far a statement is."""
    if closed:
        return Badge(_("Closed"), "plain")
    return Badge(_("Differences are open"), "wait") if open_ else Badge(_("Nothing is open"), "good")


def _period(row: Any) -> str:
    return f"{formats.day(row.from_on)} – {formats.day(row.to_on)}"


LISTING = Listing(
    name="provider_statements",
    title=_("Statements"),
    columns=(
        Column(
            "number",
            _("Statement"),
            ProviderStatement.id,
            Kind.NUMBER,
            ProviderStatement.id,
            link=To("reconciliation.show", provider_statement_id="row_id"),
            words=lambda number: gettext("Statement %(number)s", number=number),
            small=_period,
        ),
        Column("from_on", _("From"), ProviderStatement.from_on, Kind.DAY, shown=False),
        Column("to_on", _("To"), ProviderStatement.to_on, Kind.DAY, ProviderStatement.to_on, shown=False),
        Column(
            "provider",
            _("Provider"),
            ProviderStatement.provider,
            words=lambda name: PROVIDER.get(name, name),
            phone=False,
        ),
        Column("lines", _("Bookings"), ProviderStatement.lines, Kind.NUMBER),
        Column("open", _("Open differences"), _OPEN, Kind.NUMBER, phone=False),
        Column("brought_at", _("Brought"), ProviderStatement.brought_at, Kind.INSTANT, ProviderStatement.brought_at),
        Column("brought_by", _("By"), ProviderStatement.brought_by, Kind.PERSON, phone=False),
        Column(
            "state",
            _("State"),
            case((ProviderStatement.closed_at.is_not(None), -1), else_=_OPEN),
            badge=lambda value: state_of(value < 0, value),
            exported=False,
        ),
    ),
    query=select().select_from(ProviderStatement).where(ProviderStatement.program_id == HERE),
    id=ProviderStatement.id,
    default="-number",
    filters=(Days("period", _("Days that it covers"), ProviderStatement.to_on),),
)

_AGREES = Badge(_("Agrees"), "good")
_LINE_KINDS = [Choice(kind.value, badge.text) for kind, badge in words.ONE_BOOKED.items()]


def of_statement(statement_id: int) -> Listing:
    """Describe the bookings of one statement, in the order of its file."""
    line = StatementLine
    differs = reading.differs(statement_id)
    query: Select[Any] = select().select_from(line).outerjoin(TopUp, TopUp.id == line.top_up_id)
    return Listing(
        name="statement_lines",
        title=_("Bookings"),
        columns=(
            Column("row_number", _("Row"), line.row_number, Kind.NUMBER, line.row_number, phone=False),
            Column("reference", _("Reference"), line.reference, Kind.CODE, link=To("chain.top_up", top_up_id="top_up")),
            Column("booked_on", _("Booked"), line.booked_on, Kind.DAY, line.booked_on),
            Column("kind", _("What"), line.kind, badge=lambda kind: words.ONE_BOOKED[kind]),
            Column("amount", _("Amount"), line.amount_minor, Kind.MONEY, line.amount_minor),
            Column("currency", _("Currency"), line.currency, phone=False),
            Column("last4", _("Card"), line.last4, words=lambda last4: f"••••\N{NO-BREAK SPACE}{last4}", phone=False),
            Column("booking", _("Number of the booking"), line.booking, Kind.CODE, shown=False),
            Column(
                "differs",
                _("Our books"),
                case((differs, "differs"), (TopUp.id.is_not(None), "agrees"), else_="nothing"),
                badge=lambda value: {"differs": Badge(_("Differs"), "bad"), "agrees": _AGREES}.get(
                    value, Badge(_("Nothing of ours"), "plain")
                ),
            ),
            Column("top_up", "", TopUp.id, shown=False, exported=False),
        ),
        query=lambda: query.where(line.statement_id == statement_id),
        id=line.id,
        default="row_number",
        filters=(
            Search(line.reference, line.booking, line.last4, title=_("Reference, booking or last digits")),
            OneOf("kind", _("What"), _LINE_KINDS, lambda value: line.kind == BookingKind(value)),
            OneOf(
                "books",
                _("Our books"),
                [Choice("differs", _("Differs")), Choice("agrees", _("Agrees"))],
                lambda value: differs if value == "differs" else ~differs,
            ),
            Days("booked", _("Booked"), line.booked_on),
        ),
    )


@bp.get("/programs/<code:program_code>/reconciliation")
def index(program_code: str) -> str | Response:
    return _list(Bringing(formdata=None))


def _list(form: Bringing, *, asked: bool = False) -> str | Response:
    profiles = scope().program.import_profiles
    return answer(LISTING, "finance/reconciling/index.html", form=form, asked=asked, readable=STATEMENTS in profiles)


@bp.post("/programs/<code:program_code>/reconciliation")
def bring(program_code: str) -> str | Response | tuple[str | Response, int]:
    """Take a statement in: it goes the way of every file, and is read by the programme's profile of statements.

    The first one has none: what its columns hold is proposed, and whoever brings it says whether that is right.
    """
    form = Bringing()
    if not form.validate():
        return _list(form, asked=True), 400
    sent = form.file.data
    with tempfile.TemporaryDirectory(prefix="kontor-statement-") as folder:
        path = Path(folder, "statement")
        sent.save(path)
        try:
            with transaction(db.session) as writing:
                to = _taken(writing, path, str(sent.filename or "statement.csv"))
        except ImportRefused as error:
            form.refuse("file", import_words.told(error.said))
            return _list(form, asked=True), 400
    messenger.wake(kontor()["addresses"].redis_url, 1)
    return redirect(to, 303)


def _taken(writing: Session, path: Path, file_name: str) -> str:
    """Begin with a file, and give where to go on with it."""
    program = scope().program
    by: dict[str, Any] = {"file_name": file_name, "actor": person().login, "now": now()}
    if STATEMENTS in program.import_profiles:
        batch_id = batches.start(writing, settings(), program, STATEMENTS, path, profile_name=None, dry_run=False, **by)
        return url_for("imports.show", program_code=program.code, batch_id=batch_id)
    draft = drafts.take(writing, settings(), program, path, kind=STATEMENTS, profile_name=None, **by)
    return url_for("import_drafts.show", program_code=program.code, draft_id=draft.id)


@bp.get("/programs/<code:program_code>/reconciliation/<id:provider_statement_id>")
def show(program_code: str, provider_statement_id: int) -> str:
    return _page(provider_statement_id)


def _page(statement_id: int, asked: str | None = None, **forms: Form) -> str:
    statement = session().get_one(ProviderStatement, statement_id)
    found = reading.summary(session(), scope().program, statement)
    days = {"from_on": statement.from_on, "to_on": statement.to_on}
    return render_template(
        "finance/reconciling/show.html",
        found=found,
        statement=statement,
        state=state_of(statement.closed_at is not None, found.open),
        provider=PROVIDER.get(statement.provider, statement.provider),
        words=words,
        page=showing.page(session(), of_statement(statement_id), rows=LINES),
        asked=asked,
        forms={
            "period": Stretch(formdata=None, data=days),
            "close": Why.of("close", formdata=None),
            "take_back": Why.of("take_back", formdata=None),
        }
        | forms,
    )


@bp.get("/programs/<code:program_code>/reconciliation/<id:provider_statement_id>/bookings")
def lines(program_code: str, provider_statement_id: int) -> str | Response:
    """Show all bookings of a statement, with filters, and as a file."""
    statement = session().get_one(ProviderStatement, provider_statement_id)
    return answer(of_statement(provider_statement_id), "finance/reconciling/lines.html", statement=statement)


@bp.post("/programs/<code:program_code>/reconciliation/<id:provider_statement_id>/period")
def period(program_code: str, provider_statement_id: int) -> Response | tuple[str, int]:
    form = Stretch()
    if not form.validate():
        return _page(provider_statement_id, "period", period=form), 400
    days = form.from_on.data, form.to_on.data
    with transaction(db.session) as writing:
        answering.set_period(writing, scope().program, provider_statement_id, *days, actor=person().login, now=now())
    flash(gettext("What must stand in the statement was looked for anew."), "success")
    return _back(provider_statement_id)


@bp.post("/programs/<code:program_code>/reconciliation/<id:provider_statement_id>/look")
def look(program_code: str, provider_statement_id: int) -> Response:
    """Hold it against our books as they are by now."""
    with transaction(db.session) as writing:
        answering.look_again(writing, scope().program, provider_statement_id, now=now())
    flash(gettext("Compared with our books as they are now."), "success")
    return _back(provider_statement_id)


@bp.post("/programs/<code:program_code>/reconciliation/<id:provider_statement_id>/close")
def close(program_code: str, provider_statement_id: int) -> Response | tuple[str, int]:
    form = Why.of("close")
    if not form.validate():
        return _page(provider_statement_id, "close", close=form), 400
    try:
        with transaction(db.session) as writing:
            answering.close(
                writing,
                scope().program,
                provider_statement_id,
                note=form.why.data or "",
                actor=person().login,
                now=now(),
            )
    except PrepaidError as error:
        flash(words.refusal(error), "danger")
    else:
        flash(gettext("The statement is closed."), "success")
    return _back(provider_statement_id)


@bp.post("/programs/<code:program_code>/reconciliation/<id:provider_statement_id>/take-back")
def take_back(program_code: str, provider_statement_id: int) -> Response | tuple[str, int]:
    form = Why.of("take_back")
    if not form.validate():
        return _page(provider_statement_id, "take_back", take_back=form), 400
    try:
        with transaction(db.session) as writing:
            answering.take_back(
                writing,
                scope().program,
                provider_statement_id,
                reason=form.why.data or "",
                actor=person().login,
                now=now(),
            )
    except PrepaidError as error:
        flash(words.refusal(error), "danger")
        return _back(provider_statement_id)
    flash(gettext("The statement is out again. It can be brought anew."), "success")
    return redirect(url_for("reconciliation.index", program_code=program_code), 303)


def _back(statement_id: int) -> Response:
    code = scope().program.code
    return redirect(url_for("reconciliation.show", program_code=code, provider_statement_id=statement_id), 303)
