"""What is asked of a scenario: rules and a period; and the rules back as the engine takes them."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.domain.measures.scale import AmountUnfit, Scale
from app.domain.program_file.definition import EarningRule, Matrix, ProgramFile, ProgramSettings
from app.domain.promoting.promotion_terms import terms_of
from app.domain.rules.rulebook import RuleVersion
from app.domain.states import COUNTING, RulesOf
from app.models.programs import Program
from app.models.rules import EarningRule as EarningRuleRow
from app.models.sales import SalesDocument
from app.models.scenarios import Scenario
from app.services import rulebooks
from app.services.rulebooks import Proposal, definition_of
from app.services.scenarios import aims, ladders


class CannotReplay(ValueError):
    """A scenario that makes no sense; the message says why."""


class PromotionUnfit(CannotReplay):
    """A promotion that does not fit the programme; the message says what of it."""


def of_file(session: Session, program: Program, file: ProgramFile) -> Proposal:
    """Give the rules of a programme file: all of them, and no others. They judge every day of the period."""
    return Proposal(_drafted(session, program.id, [*file.earning_rules, *file.matrices]), file.stacks, file.named_days)


def with_drafts(session: Session, program: Program, drafts: Sequence[EarningRule | Matrix]) -> Proposal:
    """Give the rules in force with drafts in the place of those of the same code. A draft judges every day."""
    now = rulebooks.published(session, program.id)
    codes = {draft.code for draft in drafts}
    kept = [one for one in now.versions if one.definition.code not in codes]
    return Proposal([*kept, *_drafted(session, program.id, drafts)], now.stacks, now.named_days)


def _drafted(session: Session, program_id: int, drafts: Iterable[EarningRule | Matrix]) -> list[RuleVersion]:
    """Let rules judge every day; from which day on they hold stays in their definitions, for `results.throughout`."""
    known = _rule_ids(session, program_id)
    return [RuleVersion(-at, known.get(draft.code, -at), 1, None, draft) for at, draft in enumerate(drafts, start=1)]


def _rule_ids(session: Session, program_id: int) -> dict[str, int]:
    rows = session.execute(
        select(EarningRuleRow.code, EarningRuleRow.id).where(EarningRuleRow.program_id == program_id)
    )
    return dict(rows.all())


def whole_period(session: Session, program_id: int) -> tuple[dt.date, dt.date] | None:
    """Give the first and the last day of which there are sales; None where there are none."""
    first, last = session.execute(
        select(func.min(SalesDocument.issued_on), func.max(SalesDocument.issued_on)).where(
            SalesDocument.program_id == program_id, SalesDocument.status.in_(COUNTING)
        )
    ).one()
    return None if first is None else (first, last)


def create(
    session: Session,
    program: Program,
    rules_of: RulesOf,
    proposal: Proposal,
    period: tuple[dt.date, dt.date],
    *,
    name: str,
    actor: str,
    now: dt.datetime,
    file: ProgramFile | None = None,
) -> int:
    """Note down a scenario to be replayed. Returns its id. The caller commits.

    Promotions and tiers are those of ``file`` where there is one, else the programme's, drafted ones where rules are.

    Raises:
        CannotReplay: The period ends before it begins, there is no rule, or a promotion does not fit the programme.
    """
    from_on, to_on = period
    if to_on < from_on:
        raise CannotReplay(f"The period ends on {to_on}, before it begins on {from_on}.")
    if not proposal.versions:
        raise CannotReplay("There is no rule to replay.")
    promotions = aims.asked(
        session,
        program.id,
        period,
        instead=None if file is None else file.promotions,
        drafts=rules_of is RulesOf.DRAFTS,
    )
    try:
        for aim in promotions:
            if aim.definition is not None:
                terms_of(aim.definition, _scale_of(program))
    except AmountUnfit as unfit:
        raise PromotionUnfit(str(unfit)) from unfit
    known = sorted(_rule_ids(session, program.id))
    drafted = sorted({version.definition.code for version in proposal.versions})
    made = Scenario(
        program_id=program.id,
        name=name.strip() or f"{from_on}–{to_on}",
        rules_of=rules_of,
        rules={
            **_stored(proposal),
            "promotions": [aim.stored() for aim in promotions],
            "tiers": ladders.stored(program, None if file is None else file.program.tiers, to_on),
        },
        from_on=from_on,
        to_on=to_on,
        codes=[*drafted, *(code for code in known if code not in drafted)],
        asked_by=actor,
        asked_at=now,
    )
    session.add(made)
    session.flush()
    return made.id


def _scale_of(program: Program) -> Scale:
    settings = ProgramSettings.model_validate(program.settings)
    return Scale(program.point_decimals, program.currency_decimals, gross=settings.earns_on == "gross")


def _stored(proposal: Proposal) -> dict[str, Any]:
    return {
        "versions": [
            {
                "id": one.id,
                "rule": one.rule_id,
                "version": one.version,
                "valid_from": one.valid_from.isoformat() if one.valid_from else None,
                "definition": one.definition.model_dump(mode="json", by_alias=True, exclude_defaults=True),
            }
            for one in proposal.versions
        ],
        "stacks": dict(proposal.stacks),
        "named_days": {name: [day.isoformat() for day in days] for name, days in proposal.named_days.items()},
    }


def proposal_of(scenario: Scenario) -> Proposal:
    """Read back the rules of a scenario, as they were when it was asked for."""
    stored = scenario.rules
    versions = [
        RuleVersion(
            one["id"],
            one["rule"],
            one["version"],
            dt.date.fromisoformat(one["valid_from"]) if one["valid_from"] else None,
            definition_of(one["definition"]),
        )
        for one in stored["versions"]
    ]
    named_days = {name: [dt.date.fromisoformat(day) for day in days] for name, days in stored["named_days"].items()}
    return Proposal(versions, stored["stacks"], named_days)
