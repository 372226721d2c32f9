"""All programmes that there are: their owner finds the one that is wanted, however many there are."""

from typing import Any

from flask import Blueprint, render_template
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, select

from app.models.programs import Program
from app.web.context import session
from app.web.lists import showing
from app.web.lists.describing import Column, Kind, Listing, Search, To

bp = Blueprint("all_programs", __name__, url_prefix="/platform/programs")


def _query() -> Select[Any]:
    return select().select_from(Program)


PROGRAMS = Listing(
    name="programs",
    title=_("Programmes"),
    columns=(
        Column(
            "name", _("Programme"), Program.name, sort=Program.name, link=To("overview.overview", program_code="code")
        ),
        Column("code", _("Code"), Program.code, Kind.CODE, Program.code),
        Column("sponsor", _("Sponsor"), Program.sponsor, sort=Program.sponsor),
        Column("country", _("Country"), Program.country, Kind.CODE, phone=False),
        Column("currency", _("Currency"), Program.currency, Kind.CODE, phone=False),
        Column("starts_on", _("First day"), Program.starts_on, Kind.DAY, Program.starts_on, phone=False),
        Column("ends_on", _("Last day"), Program.ends_on, Kind.DAY, phone=False),
        Column("time_zone", _("Time zone"), Program.time_zone, shown=False),
    ),
    query=_query,
    id=Program.id,
    default="name",
    filters=(Search(Program.name, Program.code, Program.sponsor, title=_("Name, code or sponsor")),),
)


@bp.get("/")
def index() -> str:
    return render_template("platform/programs.html", page=showing.page(session(), PROGRAMS, counted=True))
