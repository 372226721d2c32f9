"""Tax rules of a programme: those in force with where they come from, drafts, the bench on which they are tried."""

import datetime as dt
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from app.db.transaction import transaction
from app.domain.program_file.definition import TaxPart
from app.domain.states import TaxChangeKind, TaxStatus
from app.domain.taxes import tax_packs
from app.domain.taxes.tax_rules import BP, BorneBy, Purpose, RewardKind, TaxRule
from app.extensions import db
from app.models.tax import TaxChange
from app.services.setup import tax_changes
from app.services.setup.tax_changes import AskedAlready, ChangeClosed, ChangeInvalid, SamePerson
from app.services.two_people import OPEN, second_person, wrote
from app.web.addresses import text_asked
from app.web.admin.tax.forms import EMPTY, MOST_MINOR, TaxRuleForm, document_of, filled, lay_problems, problems_told
from app.web.context import now, person, scope, session, today
from app.web.formats import told
from app.web.forms.asked import SendBack
from app.web.forms.fields import Between, DayField, MoneyField, ShareField
from app.web.forms.form import Form, choice
from app.web.words import tax as tax_words
from app.web.words.wording import TAX_STATUS
from prepaid.errors import TermsInvalid
from prepaid.taxing import bench
from prepaid.taxing.bench import Case
from prepaid.taxing.tax import ProgramTax

bp = Blueprint("tax_rules", __name__)

Answer = str | Response | tuple[str, int]


class PackForm(Form):
    """Which country's pack stands behind the programme's own rules."""

    pack = SelectField(_("Pack"))


class EndForm(Form):
    """When a rule ends."""

    rule = SelectField(_("Rule"))
    last = DayField(_("Last day"), [InputRequired(_("Say its last day."))])


class ConfirmForm(Form):
    """Who agreed with a rule, and when."""

    agreed = SelectField(_("Rule and version"))
    by = StringField(_("Adviser"), [InputRequired(_("Name the adviser.")), Length(max=200)])
    on = DayField(_("Day"), [InputRequired(_("Say when."))])


class BenchForm(Form):
    """A reward that nobody had."""

    value = MoneyField(_("Amount"), [InputRequired(_("Write an amount.")), Between(0, MOST_MINOR)])
    status = SelectField(_("Participant"), choices=[choice(one.value, text) for one, text in TAX_STATUS.items()])
    kind = SelectField(
        _("Reward"), choices=[choice(one.value, text) for one, text in tax_words.REWARD_KIND.items()], default="prepaid"
    )
    on = DayField(_("Day"), [InputRequired(_("Say the day."))])
    before = MoneyField(_("Earlier in the year"), [Optional(), Between(0, MOST_MINOR)])
    rate = ShareField(_("Rate, where one is chosen"), [Optional(), Between(0, BP)])
    borne_by = SelectField(
        _("Borne by"),
        choices=[
            choice("", _("as chosen, else as the rule says first")),
            *(choice(one.value, text) for one, text in tax_words.BORNE_BY.items()),
        ],
    )
    purpose = SelectField(
        _("The programme rewards"),
        choices=[choice(one.value, text) for one, text in tax_words.PURPOSE.items()],
    )

    def case(self) -> Case:
        """Give what was asked."""
        return Case(
            value_minor=self.value.data,
            status=TaxStatus(self.status.data),
            kind=RewardKind(self.kind.data),
            on=self.on.data,
            year_before_minor=self.before.data or 0,
            rate_bp=self.rate.data,
            borne_by=BorneBy(self.borne_by.data) if self.borne_by.data else None,
            purpose=Purpose(self.purpose.data),
        )


def _bench_form() -> BenchForm:
    if "value" not in request.args:
        return BenchForm(formdata=None, meta={"csrf": False}, data={"on": today()})
    return BenchForm(formdata=request.args, meta={"csrf": False})


def _rules(on: dt.date) -> tuple[tuple[TaxRule, ...], str | None]:
    """Give the rules in the order in which they are asked, and what is wrong with them."""
    try:
        return ProgramTax.of(scope().program, on).rules, None
    except TermsInvalid as wrong:
        return (), told(wrong.said)


def _part() -> TaxPart:
    return TaxPart.model_validate(scope().program.tax)


@bp.get("/programs/<code:program_code>/tax-rules")
def index(program_code: str) -> str:
    return _page()


def _page(**forms: Form) -> str:
    program = scope().program
    part = _part()
    rules, wrong = _rules(today())
    named = tax_packs.pack_behind(part.pack, has_own=bool(part.rules), country=program.country)
    own = {(rule["code"], int(rule["version"])) for rule in part.rules}
    return render_template(
        "admin/tax/rules.html",
        rules=rules,
        own=own,
        wrong=wrong,
        pack=named,
        origin=tax_packs.origin(named) if named in tax_packs.pack_countries() else None,
        part=part,
        confirmed={(one.rule, one.version): one for one in part.confirmed},
        changes=tax_changes.open_changes(session(), program.id),
        closed=tax_changes.closed_changes(session(), program.id),
        words=tax_words,
        **{"pack_form": _pack_form(), "end_form": _end_form(part), "confirm_form": _confirm_form(rules), **forms},
    )


def _pack_form(**options: Any) -> PackForm:
    form = PackForm(**(options or {"formdata": None, "data": {"pack": scope().program.tax.get("pack") or ""}}))
    countries = [choice(country, country) for country in tax_packs.pack_countries()]
    form.pack.choices = [choice("", gettext("None is named")), *countries]
    return form


def _end_form(part: TaxPart, **options: Any) -> EndForm:
    form = EndForm(**(options or {"formdata": None}))
    form.rule.choices = [choice(code, code) for code in dict.fromkeys(str(rule["code"]) for rule in part.rules)]
    return form


def _confirm_form(rules: tuple[TaxRule, ...], **options: Any) -> ConfirmForm:
    form = ConfirmForm(**(options or {"formdata": None, "data": {"on": today()}}))
    form.agreed.choices = [choice(f"{one.code} v{one.version}", f"{one.code} v{one.version}") for one in rules]
    return form


@bp.get("/programs/<code:program_code>/tax-rules/bench")
def try_rules(program_code: str) -> Answer:
    """Try the rules that are published."""
    form = _bench_form()
    asked = "value" in request.args
    trial = bench.tried(scope().program, form.case()) if asked and form.validate() else None
    page = render_template("admin/tax/bench.html", form=form, trial=trial, words=tax_words)
    return (page, 400) if form.problems() else page


@bp.route("/programs/<code:program_code>/tax-rules/new", methods=["GET", "POST"])
def new(program_code: str) -> Answer:
    """Write a rule from nothing, or the next version of one, or one of one's own after the pack's."""
    if request.method == "POST":
        return _write(TaxRuleForm(), None)
    begun = text_asked("begin")
    found = next((rule for rule in reversed(_rules(today())[0]) if rule.code == begun), None)
    form = TaxRuleForm(formdata=None, data=dict(EMPTY) if found is None else filled(found, _part().choice_of(found)))
    if found is not None:
        form.valid_from.data, form.valid_to.data = today(), None
    return render_template("admin/tax/rule_edit.html", form=form, change=None)


def _write(form: TaxRuleForm, change: TaxChange | None) -> Answer:
    program = scope().program
    document = document_of(form, program) if form.validate() else None
    if document is not None:
        try:
            with transaction(db.session) as writing:
                made = tax_changes.put(
                    writing,
                    program,
                    TaxChangeKind.RULE,
                    str(document["code"]),
                    document,
                    change_id=None if change is None else change.id,
                    actor=person().login,
                    now=now(),
                )
                made_id = made.id
        except ChangeInvalid as wrong:
            lay_problems(form, wrong)
        except AskedAlready as asked:
            flash(gettext("A change of this rule is open already. It is here."), "warning")
            return _to_change(asked.change_id)
        else:
            flash(gettext("The draft is kept. Try it, then publish it."), "success")
            return _to_change(made_id)
    return render_template("admin/tax/rule_edit.html", form=form, change=change), 400


def _to_change(change_id: int) -> Response:
    code = scope().program.code
    return redirect(url_for("tax_rules.show", program_code=code, tax_change_id=change_id), 303)


@bp.post("/programs/<code:program_code>/tax-rules/pack")
def pack(program_code: str) -> Answer:
    """Let another country's pack stand behind the programme's own rules."""
    form = _pack_form(meta={})
    if not form.validate():
        return _page(pack_form=form), 400
    return _at_once(form, "pack", TaxChangeKind.PACK, tax_changes.PACK, {"pack": form.pack.data or None})


@bp.post("/programs/<code:program_code>/tax-rules/end")
def end(program_code: str) -> Answer:
    """Give a rule its last day."""
    form = _end_form(_part(), meta={})
    if not form.validate():
        return _page(end_form=form), 400
    return _at_once(form, "last", TaxChangeKind.ENDS, form.rule.data, {"last": form.last.data.isoformat()})


@bp.post("/programs/<code:program_code>/tax-rules/confirm")
def confirm(program_code: str) -> Answer:
    """Note that an adviser agreed with a version of a rule."""
    form = _confirm_form(_rules(today())[0], meta={})
    if not form.validate():
        return _page(confirm_form=form), 400
    code, _v, version = form.agreed.data.rpartition(" v")
    document = {"version": int(version), "by": form.by.data, "on": form.on.data.isoformat()}
    return _at_once(form, "by", TaxChangeKind.CONFIRMED, code, document)


def _at_once(form: Form, field: str, kind: TaxChangeKind, code: str, document: dict[str, Any]) -> Answer:
    """Write a change and publish it, where nobody else has to."""
    program, who = scope().program, person().login
    second = second_person(program)
    try:
        with transaction(db.session) as writing:
            change = tax_changes.put(writing, program, kind, code, document, actor=who, now=now())
            change_id = change.id
            if second:
                tax_changes.ask(writing, program, change_id, actor=who, now=now())
            else:
                tax_changes.publish(writing, program, change_id, actor=who, now=now())
    except ChangeInvalid as wrong:
        form.refuse(field, problems_told(wrong))
        name = {TaxChangeKind.PACK: "pack_form", TaxChangeKind.ENDS: "end_form"}.get(kind, "confirm_form")
        return _page(**{name: form}), 400
    except AskedAlready as asked:
        flash(gettext("Such a change is open already. It is here."), "warning")
        return _to_change(asked.change_id)
    flash(gettext("A second person publishes it.") if second else gettext("It holds."), "success")
    return redirect(url_for("tax_rules.index", program_code=program.code), 303)


@bp.get("/programs/<code:program_code>/tax-changes/<id:tax_change_id>")
def show(program_code: str, tax_change_id: int) -> Answer:
    return _change(SendBack(formdata=None))


def _held() -> TaxChange:
    return session().get_one(TaxChange, scope().thing_id)


def _change(back: SendBack) -> Answer:
    """Show a change with the bench: what it would do to a reward, beside what the rules do now."""
    held, program = _held(), scope().program
    opened = held.state in OPEN
    form = _bench_form()
    trial = before = rule = wrong = None
    try:
        part = tax_changes.laid_in(session(), program, held, now=now()).get("tax", {}) if opened else None
        if held.kind is TaxChangeKind.RULE:
            rule = tax_changes.read(program, held.document)
        if opened and "value" in request.args and form.validate():
            trial, before = bench.tried(program, form.case(), part), bench.tried(program, form.case())
    except ChangeInvalid as problem:
        wrong = problems_told(problem)
    page = render_template(
        "admin/tax/change.html",
        change=held,
        opened=opened,
        rule=rule,
        wrong=wrong,
        form=form,
        trial=trial,
        before=before,
        back=back,
        state=tax_words.STATE[held.state],
        second=second_person(program),
        mine=wrote(session(), held, person().login),
        words=tax_words,
    )
    return (page, 400) if form.problems() or back.problems() else page


@bp.route("/programs/<code:program_code>/tax-changes/<id:tax_change_id>/edit", methods=["GET", "POST"])
def edit(program_code: str, tax_change_id: int) -> Answer:
    held = _held()
    if held.kind is not TaxChangeKind.RULE or held.state not in OPEN:
        return _to_change(tax_change_id)
    if request.method == "POST":
        return _write(TaxRuleForm(), held)
    form = TaxRuleForm(formdata=None, data=filled(tax_changes.read(scope().program, held.document)))
    return render_template("admin/tax/rule_edit.html", form=form, change=held)


@bp.post("/programs/<code:program_code>/tax-changes/<id:tax_change_id>/ask")
def ask(program_code: str, tax_change_id: int) -> Answer:
    def do(writing: Session) -> None:
        tax_changes.ask(writing, scope().program, tax_change_id, actor=person().login, now=now())

    return _done(do, gettext("Somebody else is asked to publish it."))


@bp.post("/programs/<code:program_code>/tax-changes/<id:tax_change_id>/publish")
def publish(program_code: str, tax_change_id: int) -> Answer:
    def do(writing: Session) -> None:
        tax_changes.publish(writing, scope().program, tax_change_id, actor=person().login, now=now())

    return _done(do, gettext("It is published. What was computed before keeps its tax."))


@bp.post("/programs/<code:program_code>/tax-changes/<id:tax_change_id>/drop")
def drop(program_code: str, tax_change_id: int) -> Answer:
    def do(writing: Session) -> None:
        tax_changes.drop(writing, scope().program, tax_change_id, actor=person().login, now=now())

    return _done(do, gettext("The draft is dropped."))


@bp.post("/programs/<code:program_code>/tax-changes/<id:tax_change_id>/back")
def send_back(program_code: str, tax_change_id: int) -> Answer:
    form = SendBack()
    if not form.validate():
        return _change(form)

    def do(writing: Session) -> None:
        note, who = form.note.data or "", person().login
        tax_changes.send_back(writing, scope().program, tax_change_id, note=note, actor=who, now=now())

    return _done(do, gettext("It went back, with your word."))


def _done(do: Any, said: str) -> Response:
    """Do something with a change, and say so or why not."""
    held_id = scope().thing_id
    assert held_id is not None, "the guard found one"
    try:
        with transaction(db.session) as writing:
            do(writing)
    except ChangeClosed:
        flash(gettext("It was published or dropped before."), "warning")
    except SamePerson:
        flash(gettext("Another person publishes it than whoever wrote it or asked for it."), "danger")
    except ChangeInvalid as wrong:
        flash(gettext("The programme cannot have it any more: %(why)s", why=problems_told(wrong)), "danger")
    else:
        flash(said, "success")
    return _to_change(held_id)
