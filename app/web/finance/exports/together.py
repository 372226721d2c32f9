"""Many exports made again, many plans made at once: looked at first, then each by itself."""

from collections.abc import Iterator, Sequence

from flask import Blueprint, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.states import ExportState
from app.exports.histories import asking, planning
from app.exports.histories.asking import WishRefused
from app.jobs import messenger
from app.models.exports import Export, ExportPlan
from app.models.programs import Program
from app.web import formats
from app.web.context import kontor, now, person, scope, session
from app.web.finance.exports import words as export_words
from app.web.finance.exports.exports import EXPORTS, may_take
from app.web.finance.exports.plans import PLANS
from app.web.forms.asked import Sure
from app.web.lists import together
from app.web.lists.together import Deed, Row, Stays

bp = Blueprint("exports_together", __name__)


@bp.post("/programs/<code:program_code>/exports/again")
def again(program_code: str) -> together.Answer:
    """Have every chosen export made again and compared with the file that it was."""

    def ask(writing: Session, export_id: int) -> None:
        asking.ask_again(writing, export_id, actor=person().login, now=now())

    answer = together.decide(
        Deed(
            EXPORTS,
            url_for("exports.index", program_code=program_code),
            "exports",
            heading=lambda count: ngettext("Make %(num)s export again", "Make %(num)s exports again", count),
            means=_("Each is written anew of the rows that were kept, and compared byte for byte with what it was."),
            now=_("State"),
            button=_("Make again and compare"),
            done=lambda count: ngettext(
                "%(num)s file is made again and compared.", "%(num)s files are made again and compared.", count
            ),
            form=Sure(),
            look=_exports,
            do=ask,
        )
    )
    messenger.wake(kontor()["addresses"].redis_url, 1)
    return answer


def _exports(ids: Sequence[int]) -> Iterator[Row]:
    for one in session().scalars(select(Export).where(Export.id.in_(ids))):
        wish = asking.wish_of(one)
        stays = None
        if one.state is not ExportState.MADE:
            stays = gettext("It was never made.")
        elif not may_take(one):
            stays = gettext("It is of further programmes, which you may not export.")
        days = f"{formats.day(wish.from_on)} – {formats.day(wish.to_on)}"
        yield Row(one.id, str(export_words.SUBJECT[one.subject]), days, export_words.STATE[one.state].text, stays)


@bp.post("/programs/<code:program_code>/exports/plans/make")
def make(program_code: str) -> together.Answer:
    """Make what the chosen plans say, now."""
    program_id = scope().program.id

    def ask(writing: Session, plan_id: int) -> None:
        plan, program = writing.get_one(ExportPlan, plan_id), writing.get_one(Program, program_id)
        try:
            planning.make_now(writing, program, plan, actor=person().login, now=now())
        except WishRefused as refused:
            raise Stays(export_words.refusal(refused)) from None

    answer = together.decide(
        Deed(
            PLANS,
            url_for("export_plans.index", program_code=program_code),
            "exports",
            heading=lambda count: ngettext("Make %(num)s plan now", "Make %(num)s plans now", count),
            means=_("Each is made of the days that it means today, and goes where it says."),
            now=_("Made by itself"),
            button=_("Make now"),
            done=lambda count: ngettext("%(num)s export is asked for.", "%(num)s exports are asked for.", count),
            form=Sure(),
            look=_plans,
            do=ask,
        )
    )
    messenger.wake(kontor()["addresses"].redis_url, 1)
    return answer


def _plans(ids: Sequence[int]) -> Iterator[Row]:
    for one in session().scalars(select(ExportPlan).where(ExportPlan.id.in_(ids))):
        yield Row(one.id, one.name, str(export_words.SPAN[one.span]), export_words.when(one))
