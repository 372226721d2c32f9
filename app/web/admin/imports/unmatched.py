"""Names in imported files that nobody knows: what waits for them, what they may mean, and what somebody decides."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, func, select
from werkzeug.wrappers import Response
from wtforms import BooleanField, RadioField, StringField
from wtforms.validators import InputRequired, Length, Optional

from app.db.transaction import transaction
from app.domain.states import NamedThing
from app.domain.typed.codes import code_key
from app.domain.typed.likeness import Likeness
from app.extensions import db
from app.jobs import messenger
from app.models.aliases import UnknownName
from app.models.catalogue import Product
from app.models.distributors import Distributor
from app.services.goods import catalogue
from app.services.imported import unmatched
from app.services.imported.aliases import LARGEST_UNIT, SAME_UNIT, AliasRefused
from app.services.participants import distributors
from app.web import formats
from app.web.context import kontor, now, person, scope, session
from app.web.forms.asked import Sure, Why
from app.web.forms.fields import Between, QuantityField
from app.web.forms.form import Form, choice
from app.web.lists.answering import answer
from app.web.lists.asking import chosen_rows, kept_in
from app.web.lists.describing import Action, Choice, Column, Kind, Listing, OneOf, Search, To
from app.web.lists.together import by_reason, no_longer
from app.web.words.wording import LIKENESS, NAMED_THING
from importers.names import continuing
from importers.names.continuing import CannotMatch, Decided, Match

bp = Blueprint("unmatched", __name__)

MOST_AT_ONCE = 200
"""So many are shown together before they are decided."""

_WAITS = unmatched.waiting()
_TARGET_NAME = func.coalesce(Product.name, Distributor.name)


def _query() -> Select[Any]:
    return (
        select()
        .select_from(UnknownName)
        .join(_WAITS, _WAITS.c.unknown_name_id == UnknownName.id)
        .outerjoin(Product, Product.id == UnknownName.product_id)
        .outerjoin(Distributor, Distributor.id == UnknownName.distributor_id)
        .where(unmatched.in_queue(scope().program.id))
    )


def _sources() -> list[Choice]:
    return [Choice(name, name) for name in sorted(scope().program.import_profiles)]


UNMATCHED = Listing(
    name="unmatched",
    title=_("Unknown names"),
    columns=(
        Column(
            "written",
            _("Name"),
            UnknownName.written,
            link=To("unmatched.show", keeps=True, unknown_id="row_id"),
            small="called",
        ),
        Column("what", _("What"), UnknownName.what, words=lambda what: NAMED_THING[what]),
        Column("source", _("Source"), UnknownName.profile_name, sort=UnknownName.profile_name, phone=False),
        Column("lines", _("Lines"), _WAITS.c.lines, Kind.NUMBER, _WAITS.c.lines),
        Column("documents", _("Documents"), _WAITS.c.documents, Kind.NUMBER, _WAITS.c.documents, phone=False),
        Column("amount", _("Net amount"), _WAITS.c.amount_minor, Kind.MONEY, _WAITS.c.amount_minor),
        Column("target", _("May be"), _TARGET_NAME, small="target_code"),
        Column("score", _("Alike"), UnknownName.score, Kind.NUMBER, UnknownName.score, small="why_words"),
        Column("imports", _("Imports"), _WAITS.c.batches, Kind.NUMBER, phone=False),
        Column(
            "first_seen",
            _("First seen"),
            UnknownName.first_seen_at,
            Kind.INSTANT,
            UnknownName.first_seen_at,
            phone=False,
        ),
        Column("called", _("Called"), UnknownName.called, shown=False),
        Column("target_code", _("Code"), func.coalesce(Product.code, Distributor.code), shown=False),
        Column("why_words", _("Why"), UnknownName.why, words=lambda why: LIKENESS[why], shown=False),
    ),
    query=_query,
    id=UnknownName.id,
    default="-lines",
    filters=(
        Search(UnknownName.written, UnknownName.called, title=_("Name")),
        OneOf.named("what", _("What"), UnknownName.what, NAMED_THING),
        OneOf("source", _("Source"), _sources, lambda value: UnknownName.profile_name == value),
        OneOf(
            "proposed",
            _("Proposal"),
            [Choice("sure", _("Nearly sure")), Choice("some", _("Some")), Choice("none", _("None"))],
            lambda value: {
                "sure": UnknownName.score >= 90,
                "some": UnknownName.score > 0,
                "none": UnknownName.score == 0,
            }[value],
        ),
    ),
    actions=(
        Action(_("Accept what is proposed…"), "unmatched.accept", "decide"),
        Action(_("Create new…"), "unmatched.create", "decide"),
        Action(_("Ignore…"), "unmatched.ignore", "decide", danger=True),
    ),
)


class Meaning(Form):
    """What one name means: a proposal, or whatever has a code."""

    may_look_like_cards = frozenset({"code"})

    target = RadioField(_("It means"), [Optional()])
    code = StringField(_("Code"), [Length(max=64)])
    unit = QuantityField(
        _("One unit of theirs is so many of ours"),
        [InputRequired(_("Say how many.")), Between(1, LARGEST_UNIT)],
        description=_("1 where they count as we do; 12 for a box of twelve."),
    )
    everywhere = BooleanField(_("Whichever source uses the name"), false_values=("", "0"))


@bp.get("/programs/<code:program_code>/imports/unmatched")
def index(program_code: str) -> str | Response:
    return answer(UNMATCHED, "admin/imports/unmatched.html", counted=True)


@bp.post("/programs/<code:program_code>/imports/unmatched/accept")
def accept(program_code: str) -> str | Response | tuple[str, int]:
    return _decide("accept", Sure)


@bp.post("/programs/<code:program_code>/imports/unmatched/create")
def create(program_code: str) -> str | Response | tuple[str, int]:
    return _decide("create", Sure)


@bp.post("/programs/<code:program_code>/imports/unmatched/ignore")
def ignore(program_code: str) -> str | Response | tuple[str, int]:
    return _decide("ignore", Why)


def _decide(what: str, kind: type[Form]) -> str | Response | tuple[str, int]:
    """Show once what becomes of the chosen names, then do it."""
    ticked = chosen_rows(session(), UNMATCHED)
    chosen = set(ticked.ids[:MOST_AT_ONCE])
    names = [one for one in unmatched.queue(session(), scope().program.id) if one.id in chosen]
    open_, names = names, [one for one in names if one.score or what != "accept"]
    why = gettext("Nothing here is like it: open it and say what it means.")
    staying = [*no_longer(len(ticked.gone)), *by_reason([(one.written, why) for one in open_ if one not in names])]
    if not names:
        flash(gettext("Choose names first: none of those chosen can be decided so."), "warning")
        return redirect(_back(), 303)
    if "confirmed" not in request.form:
        return _page(what, names, kind(formdata=None), staying)
    form = kind()
    if not form.validate():
        return _page(what, names, form), 400
    other = [one for one in names if request.form.get(f"means-{one.id}", str(one.target_id)) != str(one.target_id)]
    if what == "accept" and other:  # somebody made what is more like it
        why = gettext("It seems to mean something else by now: look at it once more.")
        for text in by_reason([(one.written, why) for one in other]):
            form.refuse(None, text)
        return _page(what, names, form), 400
    ids = [one.id for one in names]
    given: dict[str, Any] = {"actor": person().login, "now": now()}
    try:
        with transaction(db.session) as writing:
            if what == "accept":
                matches = [Match(one.id, one.target_id) for one in names]
                done = continuing.accept(writing, scope().program, matches, **given)
            elif what == "create":
                done = continuing.create(writing, scope().program, ids, **given)
            else:
                done = continuing.ignore(writing, scope().program, ids, reason=form["reason"].data or "", **given)
    except (AliasRefused, CannotMatch) as problem:
        form.refuse(None, formats.told(problem.said))
        return _page(what, names, form), 400
    return _go_on(done, staying)


def _page(what: str, names: Sequence[unmatched.Queued], form: Form, staying: Sequence[str] = ()) -> str:
    return render_template(
        "admin/imports/unmatched_decide.html",
        what=what,
        names=names,
        staying=staying,
        form=form,
        back=_back(),
        most=MOST_AT_ONCE,
    )


def _go_on(done: Decided, staying: Sequence[str] = ()) -> Response:
    """Wake whoever takes in what waited, and say so; and what stays as it is."""
    if done.batches:
        messenger.wake(kontor()["addresses"].redis_url, len(done.batches))
    decided = ngettext("%(num)s name is decided.", "%(num)s names are decided.", done.names)
    waiting = gettext("What waited for it is being taken in.") if done.batches else ""
    flash(f"{decided} {waiting}".strip(), "success")
    for text in staying:
        flash(text, "warning")
    return redirect(_back(), 303)


def _back() -> str:
    """Give the address of the list as it was seen before."""
    return _kept("unmatched.index")


def _kept(endpoint: str, **named: Any) -> str:
    return kept_in(UNMATCHED, url_for(endpoint, program_code=scope().program.code, **named))


@bp.get("/programs/<code:program_code>/imports/unmatched/<id:unknown_id>")
def show(program_code: str, unknown_id: int) -> str:
    name = _name(unknown_id)
    return _one(name, _form(name, formdata=None, unit=SAME_UNIT))


@bp.post("/programs/<code:program_code>/imports/unmatched/<id:unknown_id>/match")
def match(program_code: str, unknown_id: int) -> str | Response | tuple[str, int]:
    name = _name(unknown_id)
    form = _form(name)
    proposals = _offer(name, form)
    chosen = form.target.data or ("code" if form.code.data else "")
    if not form.validate():
        return _one(name, form, proposals), 400
    if not chosen:
        form.refuse("target", gettext("Choose what it means."))
        return _one(name, form, proposals), 400
    if chosen != "code" and form.code.data:
        form.refuse("code", gettext("Choose above that it is something else, or leave the code empty."))
        return _one(name, form, proposals), 400
    target = _typed(name, form.code.data or "") if chosen == "code" else int(chosen)
    if target is None:
        form.refuse("code", gettext("Nothing here has this code."))
        return _one(name, form, proposals), 400
    unit = int(form.unit.data) if "unit" in form else SAME_UNIT
    wanted = Match(unknown_id, target, unit, bool(form.everywhere.data))
    try:
        with transaction(db.session) as writing:
            done = continuing.accept(writing, scope().program, [wanted], actor=person().login, now=now())
    except (AliasRefused, CannotMatch) as problem:
        form.refuse(None, formats.told(problem.said))
        return _one(name, form, proposals), 400
    return _go_on(done)


def _form(name: unmatched.Queued, **given: Any) -> Meaning:
    """Ask what a name means; only products are counted in units."""
    form = Meaning(**given)
    if name.what is not NamedThing.PRODUCT:
        del form.unit
    return form


def _name(unknown_id: int) -> unmatched.Queued:
    found = unmatched.queue(session(), scope().program.id, only=unknown_id)
    return found[0] if found else abort(404)


def _typed(name: unmatched.Queued, code: str) -> int | None:
    """Find what has a code."""
    if name.what is NamedThing.PRODUCT:
        return catalogue.product_ids(session(), scope().program.id).get(code_key(code))
    return distributors.id_of_code(session(), scope().program.id, code)


def _offer(name: unmatched.Queued, form: Meaning) -> list[tuple[Likeness, str, str]]:
    """Put what a name may mean into the form. Gives each with its code and name."""
    likely = unmatched.Shelves(session(), scope().program.id).proposals(name.what, name.written, name.called)
    thing: type[Product] | type[Distributor] = Product if name.what is NamedThing.PRODUCT else Distributor
    rows = session().execute(select(thing.id, thing.code, thing.name).where(thing.id.in_([one.id for one in likely])))
    told = {id_: (code, called) for id_, code, called in rows}
    form.target.choices = [
        *(choice(str(one.id), f"{told[one.id][1]} ({told[one.id][0]})") for one in likely),
        choice("code", gettext("Something else, by its code")),
    ]
    return [(one, *told[one.id]) for one in likely]


def _one(name: unmatched.Queued, form: Meaning, proposals: Any = None) -> str:
    proposals = _offer(name, form) if proposals is None else proposals
    if form.target.data is None:
        form.target.data = str(proposals[0][0].id) if proposals else "code"
    return render_template("admin/imports/unmatched_name.html", name=name, form=form, proposals=proposals, kept=_kept)
