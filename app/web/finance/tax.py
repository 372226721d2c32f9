"""What was levied, for finance: the register, each computation, the lists of a year's forms, statements."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, select
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.domain.states import TaxStatus
from app.extensions import db
from app.jobs import messenger
from app.models.ledger import Account
from app.models.prepaid import Redemption
from app.models.tax import TaxPapers
from app.services import audit
from app.web.addresses import text_asked, whole_number
from app.web.context import kontor, now, person, scope, session, settings, today
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Choice, Column, Days, Kind, Listing, OneOf, Search, To
from app.web.tax_statements import send_statement, year_asked
from app.web.words import tax as tax_words
from app.web.words.wording import TAX_STATUS
from prepaid.redeeming.redemption_stories import POINTS
from prepaid.taxing import papers, register, year
from prepaid.taxing.register import Who

bp = Blueprint("tax", __name__)

_ZIP = "application/zip"


def participant(value: str | None) -> Any:
    """Name what somebody was taxed as; early computations did not keep it."""
    return TAX_STATUS[TaxStatus(value)] if value else "–"


def _in_register() -> Select[Any]:
    return register.standing(select()).where(Redemption.program_id == HERE)


REGISTER = Listing(
    name="tax_register",
    title=_("Tax register"),
    columns=(
        Column(
            "name",
            _("Participant"),
            Who.name,
            sort=Who.sort_key,
            link=To("records.show", distributor_id="distributor_id"),
            small="code",
        ),
        Column(
            "redeemed_on",
            _("Day"),
            Redemption.redeemed_on,
            Kind.DAY,
            Redemption.redeemed_on,
            link=To("tax.trace", redemption_id="row_id"),
        ),
        Column("code", _("Code"), Who.code, Kind.CODE, shown=False),
        Column("tax_id", _("Tax id"), Who.tax_id, Kind.CODE, shown=False),
        Column("participant", _("Taxed as"), register.PARTICIPANT, words=participant, phone=False),
        Column("rule", _("Rule"), Redemption.tax_rule, Kind.CODE, small="form", phone=False),
        Column("form", _("Form"), register.FORM, shown=False),
        Column("value", _("Reward"), register.VALUE, Kind.MONEY, register.VALUE),
        Column("compensation", _("Tax paid back"), register.COMPENSATION, Kind.MONEY, register.COMPENSATION),
        Column("gross", _("Together"), register.GROSS, Kind.MONEY, shown=False),
        Column("base", _("Tax base"), register.BASE, Kind.MONEY, shown=False),
        Column("levied", _("Tax"), register.LEVIED, Kind.MONEY, register.LEVIED),
        Column("withheld", _("Withheld"), register.WITHHELD, Kind.MONEY, shown=False),
        Column("remitted", _("Paid by the sponsor"), register.REMITTED, Kind.MONEY, phone=False),
        Column("declared", _("Declared by the participant"), register.DECLARED, Kind.MONEY, phone=False),
        Column("state", _("State"), register.STATE, badge=lambda value: tax_words.REWARD_STATE[value]),
        Column("distributor_id", "", Who.id, shown=False, exported=False),
    ),
    query=_in_register(),
    id=Redemption.id,
    default="-redeemed_on",
    filters=(
        Search(Who.name, Who.code, Redemption.tax_rule, title=_("Participant, code or rule")),
        Days("day", _("Day"), Redemption.redeemed_on),
        OneOf(
            "as",
            _("Taxed as"),
            [Choice(one.value, text) for one, text in TAX_STATUS.items()],
            lambda value: register.PARTICIPANT.in_([value]),
        ),
        OneOf(
            "state",
            _("State"),
            [Choice(one, badge.text) for one, badge in tax_words.REWARD_STATE.items()],
            lambda value: register.STATE.in_([value]),
        ),
    ),
)


@bp.get("/programs/<code:program_code>/tax")
def index(program_code: str) -> str | Response:
    day = today()
    return answer(
        REGISTER,
        "finance/tax/register.html",
        counted=True,
        totals=register.totals(
            session(), scope().program.id, day.replace(month=1, day=1), day.replace(month=12, day=31)
        ),
        year=day.year,
        years=year.years(session(), scope().program.id),
    )


@bp.get("/programs/<code:program_code>/tax/rewards/<id:redemption_id>")
def trace(program_code: str, redemption_id: int) -> str:
    """Show one computation: what was levied on a reward, step by step, as it was frozen."""
    one, points = (
        session()
        .execute(
            select(Redemption, POINTS)
            .join(Account, Account.id == Redemption.account_id)
            .where(Redemption.id == redemption_id)
        )
        .one()
    )
    row = (
        session()
        .execute(register.standing(select(Who.id, Who.name, register.STATE)).where(Redemption.id == redemption_id))
        .one_or_none()
    )
    return render_template(
        "finance/tax/trace.html",
        one=one,
        points=points,
        trace=one.tax_trace,
        stands=row,
        taxed_as=participant(one.tax_trace.get("participant")),
        words=tax_words,
    )


@bp.get("/programs/<code:program_code>/tax/year")
def of_year(program_code: str) -> str:
    """Show what a year's forms are about, month by month, and whom their lists name."""
    program, chosen = scope().program, year_asked()
    sums = year.by_rule(session(), program.id, chosen)
    forms = year.forms(program, chosen, sums)
    return render_template(
        "finance/tax/year.html",
        year=chosen,
        years=(years := year.years(session(), program.id)),
        year_links=[(one, url_for("tax.of_year", program_code=program_code, year=one), one == chosen) for one in years],
        sums=sums,
        forms=[
            (form, year.gaps(session(), program.id, chosen, form), year.months(session(), program.id, chosen, form))
            for form in forms[:_MOST_FORMS]
        ],
        further=forms[_MOST_FORMS:],
        archives=papers.of_program(session(), program.id, chosen),
        words=tax_words,
    )


_MOST_FORMS = 4
"""Forms of a year that are shown: each takes two queries, and no country of ours has more."""


def _working_list(program_id: int, chosen: int, form: year.Form) -> Listing:
    listed = year.recipients(program_id, chosen, form)
    rows = listed.c
    return Listing(
        name="tax_form",
        title=_("Working list"),
        columns=(
            Column(
                "name",
                _("Participant"),
                rows.name,
                sort=rows.sort_key,
                link=To("tax_statuses.show", distributor_id="row_id"),
                small="code",
            ),
            Column("code", _("Code"), rows.code, Kind.CODE, shown=False),
            Column("tax_id", _("Tax id"), rows.tax_id, Kind.CODE, small=_id_missing),
            Column("participant", _("Taxed as"), rows.participant, words=participant, phone=False),
            Column("rewards", _("Rewards"), rows.rewards, Kind.NUMBER, rows.rewards, phone=False),
            Column("counted", _("Total of the year"), rows.counted, Kind.MONEY, rows.counted),
            Column("gross", _("Together"), rows.gross, Kind.MONEY, shown=False),
            Column("base", _("Tax base"), rows.base, Kind.MONEY, phone=False),
            Column("levied", _("Tax"), rows.levied, Kind.MONEY, rows.levied),
            Column("withheld", _("Withheld"), rows.withheld, Kind.MONEY, rows.withheld, phone=False),
            Column("declared", _("Declared by the participant"), rows.declared, Kind.MONEY, shown=False),
            Column("state", _("State"), rows.state, badge=lambda value: tax_words.ON_LIST[value]),
        ),
        query=select().select_from(listed),
        id=rows.id,
        default="name",
        filters=(
            Search(rows.name, rows.code, title=_("Participant or code")),
            OneOf.named("state", _("State"), rows.state, tax_words.ON_LIST),
            OneOf(
                "lacks",
                _("Missing"),
                [Choice("tax_id", _("the tax id"))],
                lambda _value: rows.lacks_id,
            ),
        ),
    )


def _id_missing(row: Any) -> str:
    return "" if row.tax_id else gettext("missing")


@bp.get("/programs/<code:program_code>/tax/form")
def form(program_code: str) -> str | Response:
    """Show the working list of a form: whom it is about and how much, and what is missing."""
    program, chosen, name = scope().program, year_asked(), text_asked("paper")
    forms = year.forms(program, chosen, year.by_rule(session(), program.id, chosen))
    found = next((one for one in forms if one.name == name), None) or year.Form(name)
    return answer(
        _working_list(program.id, chosen, found), "finance/tax/form.html", counted=True, form=found, year=chosen
    )


@bp.get("/programs/<code:program_code>/distributors/<id:distributor_id>/tax-statement")
def statement(program_code: str, distributor_id: int) -> Response:
    """Give the statement of a participant's year as PDF, in the programme's language."""
    sent = send_statement(distributor_id, scope().program.locale)
    if sent is not None:
        return sent
    flash(gettext("There were no rewards in that year."), "warning")
    return redirect(url_for("tax_statuses.show", program_code=program_code, distributor_id=distributor_id), 303)


@bp.post("/programs/<code:program_code>/tax/papers")
def make_papers(program_code: str) -> Response:
    """Have the statements of a year made for everybody."""
    chosen = whole_number(request.form.get("year")) or 0
    made = None
    if 1970 <= chosen <= 9998:
        with transaction(db.session) as writing:
            made = papers.ask(writing, scope().program, chosen, actor=person().login, now=now())
    if made is None:
        flash(gettext("There were no rewards in that year."), "warning")
    else:
        messenger.wake(kontor()["addresses"].redis_url, 1)
        flash(gettext("The statements are being made. They stand below as soon as they are there."), "success")
    return redirect(url_for("tax.of_year", program_code=program_code, year=chosen or None), 303)


@bp.get("/programs/<code:program_code>/tax/papers/<id:tax_papers_id>")
def archive(program_code: str, tax_papers_id: int) -> Response:
    """Send the statements of a year that a worker made."""
    found = session().get_one(TaxPapers, tax_papers_id)
    if found.file is None or not (settings().files / found.file).is_file():
        abort(404)
    with transaction(db.session) as writing:
        audit.note(
            writing,
            person().login,
            "tax.papers_taken",
            str(found.id),
            now=now(),
            program_id=scope().program.id,
            after={"year": found.year, "sha256": None if found.file_sha256 is None else found.file_sha256.hex()},
        )
    name = f"{scope().program.code}-{found.year}-statements.zip"
    return send_file(settings().files / found.file, mimetype=_ZIP, as_attachment=True, download_name=name)
