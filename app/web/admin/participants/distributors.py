"""All distributors of a programme, with what stands on their accounts; and what is done to many of them at once."""

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Blueprint, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from app.domain.states import Unit
from app.models.distributors import Distributor, DistributorGroup
from app.models.ledger import Account
from app.services.ledger.counters import MERGED, counted
from app.services.participants import distributor_changes, distributors, head_offices
from app.services.participants.head_offices import Office
from app.web import formats
from app.web.admin.goods.grouping import MEANS, GroupForm, with_groups
from app.web.context import now, person, scope, session
from app.web.forms.form import Form
from app.web.lists import together
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Action, Choice, Column, Kind, Listing, OneOf, Search, To
from app.web.lists.participants import TAKES_PART, WHO_TAKES_PART
from app.web.lists.together import Deed, Row, Stays

bp = Blueprint("distributors", __name__)


_QUERY: Select[Any] = (
    select()
    .select_from(Distributor)
    .join(Account, Account.distributor_id == Distributor.id)
    .outerjoin(*MERGED)
    .outerjoin(DistributorGroup, DistributorGroup.id == Distributor.group_id)
    .outerjoin(Office, Office.id == Distributor.head_office_id)
    .where(Distributor.program_id == HERE, Distributor.person_of_id.is_(None), Account.unit == Unit.POINTS)
)


def _groups() -> Sequence[Choice]:
    rows = session().execute(
        select(DistributorGroup.code, DistributorGroup.name)
        .where(DistributorGroup.program_id == scope().program.id)
        .order_by(DistributorGroup.name)
    )
    return [Choice(code, name) for code, name in rows]


def _offices() -> Sequence[Choice]:
    return [Choice(code, name) for code, name in head_offices.with_branches(session(), scope().program.id)]


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
        _points("earned", _("Earned"), counted("earned")),
        _points("spent", _("Spent"), counted("spent")),
        Column(
            "head_office",
            _("Head office"),
            Office.name,
            link=To("records.show", distributor_id="head_office_id"),
            phone=False,
        ),
        Column("head_office_id", "", Office.id, shown=False, exported=False),
        Column("head_office_code", _("Code of the head office"), Office.code, Kind.CODE, shown=False),
        TAKES_PART,
    ),
    query=_QUERY,
    id=Distributor.id,
    default="name",
    actions=(
        Action(_("Move to a group…"), "distributors.move_many", "edit_distributor"),
        Action(_("Block…"), "distributors.block_many", "edit_distributor", danger=True),
        Action(_("Unblock…"), "distributors.unblock_many", "edit_distributor"),
    ),
    filters=(
        Search(Distributor.name, Distributor.code, Distributor.tax_id, title=_("Name, code or tax id")),
        OneOf("group", _("Group"), _groups, lambda code: DistributorGroup.code == code),
        OneOf("head_office", _("Head office"), _offices, lambda code: Office.code == code),
        WHO_TAKES_PART,
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
    return answer(DISTRIBUTORS, "admin/participants/distributors.html", counted=True)


class WhyForm(Form):
    """Why distributors are blocked, or take part again."""

    reason = TextAreaField(_("Reason"), [InputRequired(_("Say why.")), Length(max=500)])


@bp.post("/programs/<code:program_code>/distributors/move")
def move_many(program_code: str) -> together.Answer:
    form = GroupForm.of(distributors.groups_of(session(), scope().program.id))

    def move(writing: Session, distributor_id: int) -> None:
        moved = distributor_changes.change(
            writing,
            scope().program,
            distributor_id,
            {"group_id": form.chosen},
            from_on=form.from_on.data,
            actor=person().login,
            now=now(),
            reason=form.reason.data or None,
        )
        if not moved:
            raise Stays(gettext("In this group already."))

    return together.decide(
        Deed(
            DISTRIBUTORS,
            url_for("distributors.index", program_code=program_code),
            "distributors",
            heading=lambda count: ngettext("Move %(num)s distributor", "Move %(num)s distributors", count),
            means=MEANS,
            now=_("Group now"),
            button=_("Move"),
            done=lambda count: ngettext("%(num)s distributor is moved.", "%(num)s distributors are moved.", count),
            form=form,
            look=lambda ids: with_groups(Distributor, DistributorGroup, ids),
            do=move,
        )
    )


@bp.post("/programs/<code:program_code>/distributors/block")
def block_many(program_code: str) -> together.Answer:
    form = WhyForm()
    return together.decide(
        Deed(
            DISTRIBUTORS,
            url_for("distributors.index", program_code=program_code),
            "distributors",
            heading=lambda count: ngettext("Block %(num)s distributor", "Block %(num)s distributors", count),
            means=_("Whoever is blocked neither earns nor redeems. The points that they have stay theirs."),
            now=_("Available"),
            button=_("Block"),
            done=lambda count: ngettext("%(num)s distributor is blocked.", "%(num)s distributors are blocked.", count),
            form=form,
            look=lambda ids: _look_at_states(ids, gettext("Blocked already."), but=True),
            do=_setting(form, blocked=True),
            danger=True,
        )
    )


@bp.post("/programs/<code:program_code>/distributors/unblock")
def unblock_many(program_code: str) -> together.Answer:
    form = WhyForm()
    return together.decide(
        Deed(
            DISTRIBUTORS,
            url_for("distributors.index", program_code=program_code),
            "distributors",
            heading=lambda count: ngettext("Unblock %(num)s distributor", "Unblock %(num)s distributors", count),
            means=_("They take part again: they earn, and redeem what they have."),
            now=_("Available"),
            button=_("Unblock"),
            done=lambda count: ngettext(
                "%(num)s distributor takes part again.", "%(num)s distributors take part again.", count
            ),
            form=form,
            look=lambda ids: _look_at_states(ids, gettext("Not blocked."), but=False),
            do=_setting(form, blocked=False),
        )
    )


def _look_at_states(ids: Sequence[int], stays: str, *, but: bool) -> Iterator[Row]:
    """Give distributors with what they have; those that are blocked, or not, are so already."""
    found = session().execute(
        select(Distributor.id, Distributor.name, Distributor.code, Distributor.blocked, Account.available)
        .join(Account, Account.distributor_id == Distributor.id)
        .outerjoin(*MERGED)
        .where(Distributor.id.in_(ids), Account.unit == Unit.POINTS)
    )
    for id_, name, code, blocked, available in found:
        yield Row(id_, name, code, formats.points(available), stays if blocked is but else None)


def _setting(form: WhyForm, *, blocked: bool) -> Any:
    def put(writing: Session, distributor_id: int) -> None:
        done = distributor_changes.set_blocked(
            writing,
            scope().program,
            distributor_id,
            blocked=blocked,
            reason=form.reason.data or "",
            actor=person().login,
            now=now(),
        )
        if not done:
            raise Stays(gettext("Blocked already.") if blocked else gettext("Not blocked."))

    return put
