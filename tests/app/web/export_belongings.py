"""An export and a plan of exports for each programme of a world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from app.domain.export_wish import Shape, Wish
from app.domain.states import ExportRhythm, ExportSpan, ExportSubject
from app.exports.histories import asking, planning
from app.exports.histories.making import Maker
from app.extensions import db
from app.models.programs import Program
from tests.app.web.world import World
from tests.support.programs import NOW

if TYPE_CHECKING:
    from tests.app.web.belongings import Belongings


def put_exports(session: Session, program: Program, whose: str, word: str, made: Belongings) -> None:
    """Ask for an export as somebody of the programme, and keep a plan with the word in its name."""
    by: dict[str, Any] = {"actor": f"{word}@x.example", "now": NOW}
    shape = Shape(subject=ExportSubject.TOP_UPS, programs=[program.code])
    terms = planning.Terms(f"{word} plan", ExportSpan.MONTH, ExportRhythm.MONTHLY, 5)
    plan = planning.keep(session, program, shape, terms, **by)
    made.put("export_plan", whose, plan.id)
    wish = Wish.of(shape, (NOW.date(), NOW.date()))
    made.put("export", whose, asking.ask(session, wish, program_id=program.id, plan=plan, by_worker=False, **by).id)


def make_exports(world: World, made: Belongings) -> None:
    """Make what was asked for: only then can it be taken away, and made again."""
    for export_id in made.of["export"].values():
        Maker(db.session, world.settings, world.clock).make(export_id)
