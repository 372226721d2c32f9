"""Scenarios: a past period replayed under other rules, looked at, put side by side and taken away."""

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import BigInteger, Select, cast, func, select
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.domain.states import RulesOf, SumOf
from app.extensions import db
from app.jobs import messenger, simulating
from app.models.catalogue import Product, ProductGroup
from app.models.distributors import Distributor, DistributorGroup
from app.models.scenarios import Scenario, ScenarioSum
from app.services import audit
from app.services.scenarios import asking, results
from app.web import formats
from app.web.addresses import whole_number
from app.web.admin.scenarios import files as scenario_files
from app.web.admin.scenarios.asking import RULES_OF, NewScenario, asked
from app.web.context import kontor, now, person, scope, session
from app.web.lists.answering import answer
from app.web.lists.asking import chosen_rows
from app.web.lists.describing import HERE, Action, Badge, Choice, Column, Kind, Listing, OneOf, Search, To

bp = Blueprint("scenarios", __name__)

BESIDE = 4
"""So many scenarios stand side by side on a screen."""
_QUERY: Select[Any] = select().select_from(Scenario).where(Scenario.program_id == HERE)


def _drafted(column: Any) -> Any:
    sums = select(cast(func.sum(column), BigInteger)).where(results.about(Scenario.id, SumOf.DISTRIBUTOR))
    return sums.correlate(Scenario).scalar_subquery()


SCENARIOS = Listing(
    name="scenarios",
    title=_("Scenarios"),
    columns=(
        Column("name", _("Scenario"), Scenario.name, link=To("scenarios.show", scenario_id="row_id"), small="rules_of"),
        Column("rules_of", _("Rules"), Scenario.rules_of, words=lambda of: RULES_OF[of], shown=False),
        Column("from_on", _("From"), Scenario.from_on, Kind.DAY),
        Column("to_on", _("To"), Scenario.to_on, Kind.DAY),
        Column("drafted", _("Would give"), _drafted(ScenarioSum.drafted), Kind.POINTS),
        Column("given", _("Gave"), _drafted(ScenarioSum.given), Kind.POINTS),
        Column("asked_by", _("Asked by"), Scenario.asked_by, Kind.PERSON, phone=False),
        Column("asked_at", _("Asked"), Scenario.asked_at, Kind.INSTANT, Scenario.asked_at),
        Column(
            "done",
            _("State"),
            Scenario.finished_at.is_not(None),
            badge=lambda done: Badge(_("Replayed"), "good") if done else Badge(_("Under way"), "busy"),
        ),
    ),
    query=_QUERY,
    id=Scenario.id,
    default="-asked_at",
    filters=(Search(Scenario.name, people=[Scenario.asked_by], title=_("Name or person")),),
    actions=(Action(_("Side by side…"), "scenarios.beside", "see_reports"),),
)


@bp.get("/programs/<code:program_code>/scenarios")
def index(program_code: str) -> str | Response:
    return answer(SCENARIOS, "admin/scenarios/list.html")


@bp.route("/programs/<code:program_code>/scenarios/new", methods=["GET", "POST"])
def new(program_code: str) -> str | Response | tuple[str, int]:
    form = NewScenario()
    if request.method == "GET":
        form.rules.data = RulesOf.DRAFTS.value
        days = asking.whole_period(session(), scope().program.id)
        if days is not None:
            form.from_on.data, form.to_on.data = max(days[0], days[1].replace(day=1) - dt.timedelta(days=334)), days[1]
        return render_template("admin/scenarios/new.html", form=form)
    made = asked(form) if form.validate() else None
    if made is None:
        return render_template("admin/scenarios/new.html", form=form), 400
    messenger.wake(kontor()["addresses"].redis_url, 1)
    return redirect(url_for("scenarios.show", program_code=program_code, scenario_id=made), 303)


@bp.get("/programs/<code:program_code>/scenarios/<id:scenario_id>")
def show(program_code: str, scenario_id: int) -> str:
    found = session().get_one(Scenario, scenario_id)
    standing = simulating.standing_of(session(), found, now())
    told = scenario_files.told(session(), scope().program, found) if found.finished_at else None
    return render_template(
        "admin/scenarios/show.html",
        scenario=found,
        standing=standing,
        told=told,
        rules_of=RULES_OF[found.rules_of],
        month_of=month_of,
    )


def month_of(number: int) -> dt.date:
    """Give the first day of a month that is counted from January 1970."""
    return dt.date(1970 + number // 12, number % 12 + 1, 1)


@bp.get("/programs/<code:program_code>/scenarios/<id:scenario_id>/progress")
def progress(program_code: str, scenario_id: int) -> Response:
    standing = simulating.standing_of(session(), session().get_one(Scenario, scenario_id), now())
    return jsonify(
        {
            "ended": standing.ended,
            "stage": standing.stage,
            "share_bp": standing.share_bp,
            "texts": {
                "share": f"{standing.share_bp // 100}",
                "lines_done": formats.figure(standing.lines_done),
                "lines": formats.figure(standing.lines),
                "seconds": formats.duration(standing.seconds),
            },
        }
    )


_CHANGE = ScenarioSum.drafted - ScenarioSum.given
_WINS = OneOf(
    "change",
    _("Change"),
    [Choice("more", _("More than before")), Choice("less", _("Less than before")), Choice("same", _("The same"))],
    lambda value: {"more": _CHANGE > 0, "less": _CHANGE < 0}.get(value, _CHANGE == 0),
)
_MEASURES = (
    Column("drafted", _("Would give"), ScenarioSum.drafted, Kind.POINTS, ScenarioSum.drafted),
    Column("given", _("Gave"), ScenarioSum.given, Kind.POINTS, ScenarioSum.given),
    Column("change", _("Change"), _CHANGE, Kind.POINTS, _CHANGE),
    Column("net", _("Net amount"), ScenarioSum.net_minor, Kind.MONEY, ScenarioSum.net_minor, phone=False),
    Column("lines", _("Lines"), ScenarioSum.lines, Kind.NUMBER, ScenarioSum.lines, phone=False),
    Column("unpaid", _("Lines without points"), ScenarioSum.unpaid_lines, Kind.NUMBER, ScenarioSum.unpaid_lines),
)


def _of_distributors(scenario_id: int) -> Listing:
    return Listing(
        name="scenario_distributors",
        title=_("Winners and losers"),
        columns=(
            Column(
                "name",
                _("Distributor"),
                Distributor.name,
                sort=Distributor.sort_key,
                link=To("statements.show", distributor_id="row_id"),
            ),
            Column("code", _("Code"), Distributor.code, Kind.CODE, phone=False),
            Column("group_name", _("Group"), DistributorGroup.name, phone=False),
            *_MEASURES,
        ),
        query=select()
        .select_from(ScenarioSum)
        .join(Distributor, Distributor.id == ScenarioSum.key)
        .outerjoin(DistributorGroup, DistributorGroup.id == Distributor.group_id)
        .where(results.about(scenario_id, SumOf.DISTRIBUTOR), Distributor.program_id == HERE),
        id=Distributor.id,
        default="change",
        filters=(Search(Distributor.name, Distributor.code, title=_("Name or code")), _WINS),
    )


def _of_products(scenario_id: int) -> Listing:
    return Listing(
        name="scenario_products",
        title=_("Products"),
        columns=(
            Column("name", _("Product"), Product.name, sort=Product.sort_key),
            Column("code", _("Code"), Product.code, Kind.CODE, phone=False),
            Column("group_name", _("Group"), ProductGroup.name, phone=False),
            *_MEASURES,
        ),
        query=select()
        .select_from(ScenarioSum)
        .join(Product, Product.id == ScenarioSum.key)
        .outerjoin(ProductGroup, ProductGroup.id == Product.group_id)
        .where(results.about(scenario_id, SumOf.PRODUCT), Product.program_id == HERE),
        id=Product.id,
        default="-unpaid",
        filters=(Search(Product.name, Product.code, title=_("Name or code")), _WINS),
    )


@bp.get("/programs/<code:program_code>/scenarios/<id:scenario_id>/distributors")
def distributors(program_code: str, scenario_id: int) -> str | Response:
    return _list(_of_distributors(scenario_id), scenario_id)


@bp.get("/programs/<code:program_code>/scenarios/<id:scenario_id>/products")
def products(program_code: str, scenario_id: int) -> str | Response:
    return _list(_of_products(scenario_id), scenario_id)


def _list(listing: Listing, scenario_id: int) -> str | Response:
    return answer(listing, "admin/scenarios/rows.html", scenario=session().get_one(Scenario, scenario_id))


@bp.get("/programs/<code:program_code>/scenarios/<id:scenario_id>/workbook.xlsx")
def workbook(program_code: str, scenario_id: int) -> Response:
    found = session().get_one(Scenario, scenario_id)
    if found.finished_at is None:
        abort(404)
    with tempfile.TemporaryDirectory(prefix="kontor-export-") as folder:
        path = Path(folder, "scenario.xlsx")
        written = scenario_files.write(session(), scope().program, found, path)
        with transaction(db.session) as writing:
            audit.note(
                writing,
                person().login,
                "export.scenario",
                str(scenario_id),
                now=now(),
                program_id=scope().program.id,
                after={"sha256": written.sha256.hex()},
            )
        content = path.open("rb")  # stays readable after its folder is gone, until it is sent
    name = f"{formats.file_stem(found.name)}-{scope().program.code}.xlsx"
    return send_file(content, mimetype=scenario_files.WORKBOOK, as_attachment=True, download_name=name, max_age=0)


@bp.post("/programs/<code:program_code>/scenarios/beside")
def beside(program_code: str) -> Response:
    """Lead to the chosen scenarios side by side."""
    chosen = chosen_rows(session(), SCENARIOS).ids[:BESIDE]
    if not chosen:
        flash(gettext("Choose scenarios first."), "warning")
        return redirect(url_for("scenarios.index", program_code=program_code), 303)
    of = "-".join(map(str, chosen))
    return redirect(url_for("scenarios.compare", program_code=program_code, of=of), 303)


@bp.get("/programs/<code:program_code>/scenarios/compare")
def compare(program_code: str) -> str:
    asked = [one for text in request.args.get("of", "").split("-") if (one := whole_number(text)) is not None]
    program = scope().program
    found = session().scalars(
        select(Scenario)
        .where(
            Scenario.program_id == program.id,
            Scenario.id.in_(asked[:BESIDE]),
            Scenario.finished_at.is_not(None),
        )
        .order_by(Scenario.id)
    )
    columns = [scenario_files.told(session(), program, one) for one in found]
    rules = list(dict.fromkeys(row.name for one in columns for row in one.rules))
    groups = list(dict.fromkeys(row.name for one in columns for row in one.product_groups))
    promotions = list(dict.fromkeys(row.name for one in columns for row in one.promotions))
    tiers = list(dict.fromkeys(row.name for one in columns for row in one.tiers))
    return render_template(
        "admin/scenarios/compare.html",
        columns=columns,
        rules=rules,
        groups=groups,
        promotions=promotions,
        tiers=tiers,
    )


@bp.post("/programs/<code:program_code>/scenarios/<id:scenario_id>/put-away")
def put_away(program_code: str, scenario_id: int) -> Response:
    with transaction(db.session) as writing:
        writing.delete(writing.get_one(Scenario, scenario_id))
        audit.note(
            writing, person().login, "scenario.put_away", str(scenario_id), now=now(), program_id=scope().program.id
        )
    flash(gettext("The scenario is put away."), "success")
    return redirect(url_for("scenarios.index", program_code=program_code), 303)
