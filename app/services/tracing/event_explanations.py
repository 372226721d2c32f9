"""Why an event gave what it gave: the rule, its version, what happened, and what cut it, from what was stored then."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.measures.money import decimal_text
from app.domain.program_file.definition import ProgramSettings
from app.domain.rules.explain import cut_words
from app.domain.rules.rule_sentences import EVENT_WORDS
from app.domain.saying.wording import Say, marked, plain
from app.domain.states import Cut, Event, Unit
from app.models.events import EventAward, HappenedEvent
from app.models.programs import Program
from app.models.rules import EarningRuleVersion
from app.services.rulebooks import definition_of

_ = marked


@dataclass(frozen=True)
class EventExplained:
    """What one rule gave for one event. ``formula`` says how: ``20 points for completing a training: safety``."""

    transaction_id: int
    rule_id: int
    rule_name: str
    version: int
    event: Event
    about: str | None
    happened_on: dt.date
    formula: str


def explain_events(
    session: Session,
    program: Program,
    transaction_ids: Sequence[int],
    say: Say = plain,
    write: Callable[[int, Unit], str] | None = None,
) -> dict[int, EventExplained]:
    """Explain transactions of events, by their ids; of other kinds nothing is said. One query.

    ``write`` writes an amount with its unit as its reader does; without it, as files have it.
    """
    rows = session.execute(
        select(EventAward, HappenedEvent, EarningRuleVersion)
        .join(HappenedEvent, HappenedEvent.id == EventAward.event_id)
        .join(EarningRuleVersion, EarningRuleVersion.id == EventAward.rule_version_id)
        .where(EventAward.transaction_id.in_(transaction_ids))
    ).all()
    if not rows:
        return {}
    settings = ProgramSettings.model_validate(program.settings)
    point = settings.point

    def plainly(amount: int, unit: Unit) -> str:
        if unit is Unit.MONEY:
            return f"{decimal_text(amount, program.currency_decimals)} {program.currency}"
        word = point.name if amount == 10**point.decimals else point.plural
        return f"{decimal_text(amount, point.decimals)} {word}"

    written = write or plainly
    found: dict[int, EventExplained] = {}
    for award, happened, version in rows:
        assert award.transaction_id is not None, "they were asked for by it"
        tier = settings.tiers.level(happened.about) if happened.event is Event.TIER_REACHED and happened.about else None
        about = tier.name if tier is not None else happened.about
        what = say(EVENT_WORDS[happened.event]) + (f": {about}" if about else "")
        said = {"points": written(award.uncut, award.unit), "event": what}
        formula = say(_("%(points)s for %(event)s")) % said
        if award.cut_by is not Cut.NOTHING:
            formula += "; " + cut_words(award.cut_by, written(award.amount, award.unit), say)
        found[award.transaction_id] = EventExplained(
            transaction_id=award.transaction_id,
            rule_id=version.rule_id,
            rule_name=definition_of(version.definition).name,
            version=version.version,
            event=happened.event,
            about=happened.about,
            happened_on=happened.happened_on,
            formula=formula,
        )
    return found
