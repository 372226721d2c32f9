"""Reports as lists: every one can be sorted, filtered, saved as a view and taken away as a file."""

from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import BigInteger, Select, Subquery, case, cast, func, literal, select, true
from werkzeug.wrappers import Response

from app.models.catalogue import Product, ProductGroup
from app.models.distributors import Distributor, DistributorGroup
from app.services.ledger import figures, liability
from app.services.reporting import reports
from app.services.reporting.reports import ACTIVE_MONTHS, REGULAR_BP, Window, month_before
from app.web import formats
from app.web.addresses import text_asked, whole_number
from app.web.context import scope, session, today
from app.web.lists.answering import answer
from app.web.lists.describing import Badge, Choice, Column, Kind, Listing, OneOf, Search, To

bp = Blueprint("reports", __name__)

WINDOWS = (3, 6, 12, 24)
DEFAULT_WINDOW = 12
MOST_COMPARED = 5


def _window() -> Window:
    """Give the window that the address asks for; it ends with the newest month that has sales."""
    asked = whole_number(text_asked("window"))
    months = asked if asked in WINDOWS else DEFAULT_WINDOW
    last = reports.newest_month(session(), scope().program.id) or today().replace(day=1)
    return reports.window_until(last, months)


_OF_WINDOW = OneOf(
    "window",
    _("Months"),
    [Choice(str(months), _("Last %(months)s months", months=months)) for months in WINDOWS],
    lambda _value: true(),  # the query itself looks at it
)


_ACTIVITY = {
    "regular": Badge(_("Active, regular"), "good"),
    "irregular": Badge(_("Active, irregular"), "busy"),
    "passive": Badge(_("Passive"), "wait"),
    "never": Badge(_("Never sold"), "plain"),
}

_DISTRIBUTOR = (
    Column(
        "name",
        _("Distributor"),
        Distributor.name,
        sort=Distributor.sort_key,
        link=To("records.show", distributor_id="row_id"),
    ),
    Column("code", _("Code"), Distributor.code, Kind.CODE, phone=False),
    Column("group_name", _("Group"), DistributorGroup.name, phone=False),
)
"""Which distributor a row is about."""


def _distributors(sold: Subquery, *, also_without: bool) -> Select[Any]:
    """Give the distributors of the programme with what they sold, ``also_without`` where that is nothing."""
    return (
        select()
        .select_from(Distributor)
        .join(sold, sold.c.distributor_id == Distributor.id, isouter=also_without)
        .outerjoin(DistributorGroup, DistributorGroup.id == Distributor.group_id)
        .where(Distributor.program_id == scope().program.id, Distributor.person_of_id.is_(None))
    )


def _activity_listing(window: Window) -> Listing:
    program_id = scope().program.id
    sold = reports.activity(program_id, window)
    months = func.coalesce(sold.c.months, 0)
    kind = case(
        (sold.c.newest_on.is_(None), "never"),
        (sold.c.newest_on < month_before(window.last, ACTIVE_MONTHS - 1), "passive"),
        (months * 10_000 >= literal(REGULAR_BP) * window.months, "regular"),
        else_="irregular",
    )
    net = func.coalesce(sold.c.net_minor, 0)

    return Listing(
        name="report_activity",
        title=_("Active and passive distributors"),
        columns=(
            *_DISTRIBUTOR,
            Column("activity", _("Activity"), kind, badge=lambda value: _ACTIVITY[value]),
            Column("months", _("Months with sales"), months, Kind.NUMBER, months),
            Column("newest_on", _("Last sale"), sold.c.newest_on, Kind.MONTH),
            Column("documents", _("Documents"), func.coalesce(sold.c.documents, 0), Kind.NUMBER, phone=False),
            Column("net", _("Net amount"), net, Kind.MONEY, cast(net, BigInteger)),
        ),
        query=_distributors(sold, also_without=True),
        id=Distributor.id,
        default="-net",
        filters=(
            Search(Distributor.name, Distributor.code, title=_("Name or code")),
            _OF_WINDOW,
            OneOf.named("activity", _("Activity"), kind, _ACTIVITY),
        ),
    )


@bp.get("/programs/<code:program_code>/reports/activity")
def activity(program_code: str) -> str | Response:
    window = _window()
    return answer(
        _activity_listing(window),
        "reports/list.html",
        **_about(
            window,
            _("Active and passive distributors"),
            _(
                "Active: sold in the last %(active)s months. Regular: sold in three of four months of the window.",
                active=ACTIVE_MONTHS,
            ),
        ),
    )


def _products_listing(window: Window) -> Listing:
    program_id = scope().program.id
    sold = reports.best_products(program_id, window)
    whole = select(func.nullif(func.sum(sold.c.net_minor), 0)).scalar_subquery()
    share = cast(func.coalesce(sold.c.net_minor * 10_000 / whole, 0), BigInteger)

    def query() -> Select[Any]:
        return (
            select()
            .select_from(Product)
            .join(sold, sold.c.product_id == Product.id)
            .outerjoin(ProductGroup, ProductGroup.id == Product.group_id)
            .where(Product.program_id == program_id)
        )

    return Listing(
        name="report_products",
        title=_("Best products"),
        columns=(
            Column("name", _("Product"), Product.name, sort=Product.sort_key),
            Column("code", _("Code"), Product.code, Kind.CODE),
            Column("group_name", _("Group"), ProductGroup.name, phone=False),
            Column("quantity", _("Quantity"), sold.c.quantity_milli, Kind.QUANTITY, sold.c.quantity_milli),
            Column("net", _("Revenue"), sold.c.net_minor, Kind.MONEY, sold.c.net_minor),
            Column("share", _("Share of revenue"), share, Kind.SHARE),
        ),
        query=query,
        id=Product.id,
        default="-net",
        filters=(Search(Product.name, Product.code, title=_("Name or code")), _OF_WINDOW),
    )


@bp.get("/programs/<code:program_code>/reports/products")
def products(program_code: str) -> str | Response:
    window = _window()
    return answer(
        _products_listing(window),
        "reports/list.html",
        **_about(window, _("Best products"), _("By revenue or by quantity, returns subtracted.")),
    )


def _distributors_listing(window: Window) -> Listing:
    program_id = scope().program.id
    sold = reports.compared(program_id, window)
    net, before = func.coalesce(sold.c.net_minor, 0), func.coalesce(sold.c.before_minor, 0)
    change = case((before > 0, (net - before) * 10_000 / before), else_=None)

    return Listing(
        name="report_distributors",
        title=_("Distributors compared"),
        columns=(
            *_DISTRIBUTOR,
            Column("net", _("Net amount"), net, Kind.MONEY, cast(net, BigInteger)),
            Column("before", _("Months before"), before, Kind.MONEY, cast(before, BigInteger)),
            Column("change", _("Change"), cast(change, BigInteger), Kind.SHARE),
        ),
        query=_distributors(sold, also_without=False),
        id=Distributor.id,
        default="-net",
        filters=(Search(Distributor.name, Distributor.code, title=_("Name or code")), _OF_WINDOW),
    )


@bp.get("/programs/<code:program_code>/reports/distributors")
def distributors(program_code: str) -> str | Response:
    window = _window()
    found = _best_distributors(window)
    labels = [formats.month(month) for month in window.each()]
    by_month = reports.net_by_month(session(), scope().program.id, window, [one[0] for one in found])
    series = [(name, [by_month[id_].get(month, 0) for month in window.each()]) for id_, name in found]
    return answer(
        _distributors_listing(window),
        "reports/list.html",
        **_about(
            window,
            _("Distributors compared"),
            _("Net sales beside those of as many months before."),
            ("line", gettext("The best distributors by month"), labels, series, "money") if series else None,
        ),
    )


def _best_distributors(window: Window) -> list[tuple[int, str]]:
    sold = reports.compared(scope().program.id, window)
    rows = session().execute(
        select(Distributor.id, Distributor.name)
        .join(sold, sold.c.distributor_id == Distributor.id)
        .order_by(sold.c.net_minor.desc(), Distributor.id)
        .limit(MOST_COMPARED)
    )
    return [(id_, name) for id_, name in rows]


@bp.get("/programs/<code:program_code>/reports/points")
def points(program_code: str) -> str:
    window = _window()
    by_month = liability.points_by_month(session(), scope().program, window.first)
    return render_template(
        "reports/points.html",
        rows=by_month,
        labels=[formats.month(one.month_on) for one in by_month],
        series=[
            (gettext("Issued"), [one.issued for one in by_month]),
            (gettext("Redeemed"), [one.redeemed for one in by_month]),
            (gettext("Expired"), [one.expired for one in by_month]),
        ],
        windows=_OF_WINDOW.choices(),
        chosen=request.args.get("window") or str(DEFAULT_WINDOW),
        refreshed_at=figures.refreshed_at(session(), scope().program.id),
    )


def _about(window: Window, title: Any, text: Any, chart: Any = None) -> dict[str, Any]:
    return {
        "chart": chart,
        "title": title,
        "text": text,
        "window": window,
        "refreshed_at": figures.refreshed_at(session(), scope().program.id),
    }
