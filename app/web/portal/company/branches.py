"""The branches of a head office, for its owner: what each has earned, and the way to its statement and documents."""

from typing import Any

from flask import Blueprint
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, select
from werkzeug.wrappers import Response

from app.domain.states import Unit
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.services.ledger.counters import MERGED, counted
from app.services.participants import head_offices
from app.web.context import distributor_here, session
from app.web.lists.answering import answer
from app.web.lists.describing import Column, Kind, Listing, Search, To
from app.web.lists.participants import TAKES_PART, WHO_TAKES_PART

bp = Blueprint("portal_branches", __name__)


def _query() -> Select[Any]:
    return (
        select()
        .select_from(Distributor)
        .join(Account, Account.distributor_id == Distributor.id)
        .outerjoin(*MERGED)
        .where(Distributor.head_office_id == distributor_here().id, Account.unit == Unit.POINTS)
    )


BRANCHES = Listing(
    name="own_branches",
    title=_("Branches and their points"),
    columns=(
        Column(
            "name",
            _("Branch"),
            Distributor.name,
            sort=Distributor.sort_key,
            link=To("statements.show", distributor_id="row_id"),
            small="code",
        ),
        Column("code", _("Code"), Distributor.code, Kind.CODE, shown=False),
        Column("city", _("City"), Distributor.city, phone=False),
        Column("available", _("Available"), Account.available, Kind.POINTS, Account.available),
        Column("pending", _("Pending"), Account.pending, Kind.POINTS, Account.pending),
        Column("earned", _("Earned"), counted("earned"), Kind.POINTS, counted("earned")),
        TAKES_PART,
    ),
    query=_query,
    id=Distributor.id,
    default="name",
    filters=(
        Search(Distributor.name, Distributor.code, Distributor.city, title=_("Name, code or city")),
        WHO_TAKES_PART,
    ),
    export_permission="visit_branches",
)


@bp.get("/portal/<code:program_code>/<id:distributor_id>/branches")
def index(program_code: str, distributor_id: int) -> str | Response:
    return answer(
        BRANCHES, "portal/company/branches.html", together=head_offices.points_together(session(), distributor_id)
    )
