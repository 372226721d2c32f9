"""All distributors of a programme, with what stands on their accounts."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, select
from werkzeug.wrappers import Response

from app.domain.states import Unit
from app.models.distributors import Distributor, DistributorGroup
from app.models.ledger import Account
from app.web.context import scope, session
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Badge, Choice, Column, Kind, Listing, OneOf, Search, To

bp = Blueprint("distributors", __name__)


_QUERY: Select[Any] = (
    select()
    .select_from(Distributor)
    .join(Account, Account.distributor_id == Distributor.id)
    .outerjoin(DistributorGroup, DistributorGroup.id == Distributor.group_id)
    .where(Distributor.program_id == HERE, Account.unit == Unit.POINTS)
)


def _groups() -> Sequence[Choice]:
    rows = session().execute(
        select(DistributorGroup.code, DistributorGroup.name)
        .where(DistributorGroup.program_id == scope().program.id)
        .order_by(DistributorGroup.name)
    )
    return [Choice(code, name) for code, name in rows]


def _points(key: str, title: Any, value: Any, *, phone: bool = True) -> Column:
    return Column(key, title, value, Kind.POINTS, value, phone=phone)


DISTRIBUTORS = Listing(
    name="distributors",
    title=_("Distributors and their points"),
    columns=(
        Column(
            "name",
            _("Distributor"),
            Distributor.name,
            sort=Distributor.sort_key,
            link=To("records.show", distributor_id="row_id"),
        ),
        Column("code", _("Code"), Distributor.code, Kind.CODE, Distributor.code_key),
        Column("group_name", _("Group"), DistributorGroup.name, phone=False),
        _points("available", _("Available"), Account.available),
        _points("pending", _("Pending"), Account.pending),
        _points("reserved", _("Reserved"), Account.reserved, phone=False),
        _points("earned", _("Earned"), Account.earned),
        _points("spent", _("Spent"), Account.spent),
        Column(
            "blocked",
            _("State"),
            Distributor.blocked,
            badge=lambda blocked: Badge(_("Blocked"), "bad") if blocked else Badge(_("Takes part"), "good"),
            phone=False,
        ),
    ),
    query=_QUERY,
    id=Distributor.id,
    default="name",
    filters=(
        Search(Distributor.name, Distributor.code, Distributor.tax_id, title=_("Name, code or tax id")),
        OneOf("group", _("Group"), _groups, lambda code: DistributorGroup.code == code),
        OneOf(
            "state",
            _("State"),
            (Choice("active", _("Takes part")), Choice("blocked", _("Blocked"))),
            lambda value: Distributor.blocked.is_(value == "blocked"),
        ),
        OneOf(
            "balance",
            _("Balance"),
            (Choice("some", _("Has points")), Choice("none", _("Has none")), Choice("owes", _("Owes points"))),
            lambda value: {
                "some": Account.available > 0,
                "none": Account.available == 0,
                "owes": Account.available < 0,
            }[value],
        ),
    ),
)


@bp.get("/programs/<code:program_code>/distributors")
def index(program_code: str) -> str | Response:
    return answer(DISTRIBUTORS, "admin/distributors.html", counted=True)
