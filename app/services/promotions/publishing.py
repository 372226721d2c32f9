"""Promotions are written as drafts and published as versions that never change; a newer version begins where one ends.

What is wrong is said before anything is published: what a promotion alone can see
(`app.domain.program_file.promotion_definition`), and here what it takes the programme to see.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.domain.measures.money import decimal_text
from app.domain.measures.scale import AmountUnfit, Scale
from app.domain.program_file.promotion_definition import Promotion as Definition
from app.domain.promoting.promotion_terms import terms_of
from app.domain.states import PromotionState
from app.domain.typed.codes import code_key
from app.models.promotions import Promotion, PromotionTarget, PromotionTouched, PromotionVersion
from app.models.rewards import Reward
from app.services import audit
from app.services.participants import distributors
from app.services.promotions import standings
from app.services.promotions.reading import definition_of, locked, targets_of_a_sheet


class Problem(str):
    """What stands against a promotion, as a programme file says it; by ``kind`` and ``found`` pages say it in words."""

    kind: str
    found: Any

    def __new__(cls, text: str, kind: str = "", found: Any = None) -> "Problem":
        """Take the sentence with its place, what kind of a problem it is, and what fills a sentence of a page in."""
        made = super().__new__(cls, text)
        made.kind, made.found = kind, found
        return made


CLOSED = Problem("the promotion is closed: what it paid stays as it is", "closed")


class PromotionInvalid(Exception):
    """A promotion that cannot be published: every problem with its place."""

    def __init__(self, problems: Sequence[str]) -> None:
        """Take the problems, each beginning with its path."""
        self.problems = [one if isinstance(one, Problem) else Problem(one) for one in problems]
        super().__init__("\n".join(problems))


def stored_form(definition: Definition) -> dict[str, Any]:
    """Give a promotion in one form: what says the same is the same."""
    return definition.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def problems_of(
    session: Session, program_id: int, definition: Definition, scale: Scale, *, known: Promotion | None = None
) -> list[Problem]:
    """Find what only the programme can see: groups, distributors and rewards that are not there, a budget overspent."""
    found: list[Problem] = []
    groups = distributors.group_ids(session, program_id)
    people = distributors.company_ids(session, program_id)
    scopes = [("scope", definition.scope)]
    scopes += [(f"gates[{at}].scope", gate.scope) for at, gate in enumerate(definition.gates)]
    for place, scope in scopes:
        found += _unknown(f"{place}.distributor_groups", scope.distributor_groups, groups, "distributor group")
        found += _unknown(f"{place}.distributors", scope.distributors, people, "distributor")
    if definition.target is not None:
        found += _unknown("target.groups", definition.target.groups, groups, "distributor group")
        found += _unknown("target.distributors", definition.target.distributors, people, "distributor")
    wanted = [step.reward.reward for step in definition.steps if step.reward.reward is not None]
    if wanted:
        here = session.scalars(select(Reward.code_key).where(Reward.program_id == program_id))
        found += _unknown("steps", wanted, dict.fromkeys(here, 0), "reward")
    try:
        budget = terms_of(definition, scale).budget
    except AmountUnfit as unfit:
        return [*found, Problem(str(unfit))]
    if known is not None and budget is not None and known.version:
        spent = standings.spent(session, known.id)
        if spent > budget:
            written = decimal_text(spent, scale.point_decimals)
            text = f"budget: {definition.budget} is below the {written} points that are spent already"
            found.append(Problem(text, "spent", spent))
    if known is not None and known.version and definition_of(session, known).metric != definition.metric:
        # what a sheet set is an amount of what the promotion counted then: pieces are no money
        targets = targets_of_a_sheet(session, known.id)
        if targets:
            text = f"metric: {targets} targets of a sheet are in what it counted before; import them as 0 first"
            found.append(Problem(text, "other_metric", targets))
    if known is not None and known.state is PromotionState.CLOSED:
        found.append(CLOSED)
    return found


def _unknown(
    place: str, named: Sequence[str] | Mapping[str, Any], known: Mapping[str, int], what: str
) -> list[Problem]:
    return [
        Problem(f"{place}: no {what} is called {one!r}", "unknown", one) for one in named if code_key(one) not in known
    ]


def draft(session: Session, program_id: int, definition: Definition, *, actor: str, now: dt.datetime) -> Promotion:
    """Keep a promotion as a draft, beside the version that is published. The caller commits.

    Raises:
        PromotionInvalid: The promotion is closed.
    """
    promotion = _find(session, program_id, definition.code)
    if promotion is None:
        promotion = _new(session, program_id, definition, now)
    elif promotion.state is PromotionState.CLOSED:
        raise PromotionInvalid([CLOSED])
    was, promotion.draft = promotion.draft, stored_form(definition)
    promotion.changed_at = now
    if was != promotion.draft:
        # what somebody asked for is another draft now
        promotion.drafted_by, promotion.asked_by, promotion.asked_at, promotion.note = actor, None, None, None
    session.flush()
    if was != promotion.draft:
        audit.note(
            *(session, actor, "promotion.draft", definition.code),
            now=now,
            program_id=program_id,
            before=was,
            after=promotion.draft,
        )
    return promotion


def publish(
    session: Session, program_id: int, definition: Definition, scale: Scale, *, actor: str, now: dt.datetime
) -> bool:
    """Publish a promotion as a new version, unless the newest says the same. Says whether it is new.

    Standings follow when it is brought up to date. The caller commits.

    Raises:
        PromotionInvalid: It cannot be published as it is; nothing was changed.
    """
    promotion = _find(session, program_id, definition.code)
    newest = None
    if promotion is not None and promotion.version:
        newest = session.scalars(
            select(PromotionVersion.definition).where(
                PromotionVersion.promotion_id == promotion.id, PromotionVersion.version == promotion.version
            )
        ).one()
    if newest is not None and Definition.model_validate(newest) == definition:
        return False
    problems = problems_of(session, program_id, definition, scale, known=promotion)
    if problems:
        raise PromotionInvalid(problems)
    if promotion is None:
        promotion = _new(session, program_id, definition, now)
    growth = definition.target.growth if definition.target is not None else None
    promotion.code, promotion.version = definition.code, promotion.version + 1
    promotion.first_on, promotion.last_on = definition.from_, definition.until
    promotion.base_first_on = growth.from_ if growth is not None else None
    promotion.base_last_on = growth.until if growth is not None else None
    promotion.closes_on, promotion.changed_at = definition.closes_on, now
    promotion.state, promotion.measured, promotion.draft = PromotionState.PUBLISHED, False, None
    promotion.drafted_by = promotion.asked_by = promotion.asked_at = promotion.note = None
    session.add(
        PromotionVersion(
            promotion_id=promotion.id,
            version=promotion.version,
            definition=stored_form(definition),
            published_at=now,
            published_by=actor,
        )
    )
    session.flush()
    after = {"version": promotion.version}
    audit.note(session, actor, "promotion.publish", promotion.code, now=now, program_id=program_id, after=after)
    return True


def put_targets(
    session: Session, promotion: Promotion, values: Mapping[int, int], *, actor: str, now: dt.datetime
) -> tuple[int, int]:
    """Set the targets of single distributors, by id; 0 takes one's own target away. Returns (new, changed).

    Their standings follow when the promotion is brought up to date. The caller commits.

    Raises:
        PromotionInvalid: The promotion is closed, or a target is below zero.
    """
    promotion = locked(session, promotion.id)
    if promotion.state is PromotionState.CLOSED:
        raise PromotionInvalid([CLOSED])
    if any(value < 0 for value in values.values()):
        raise PromotionInvalid(["target: expected an amount above 0"])
    here = {
        one.distributor_id: one
        for one in session.scalars(select(PromotionTarget).where(PromotionTarget.promotion_id == promotion.id))
    }
    fresh = changed = 0
    moved: list[int] = []
    for owner, value in values.items():
        known = here.get(owner)
        if known is None and value:
            session.add(
                PromotionTarget(
                    promotion_id=promotion.id, distributor_id=owner, value=value, changed_at=now, changed_by=actor
                )
            )
            fresh += 1
        elif known is not None and known.value != value:
            changed += 1
            if value:
                known.value, known.changed_at, known.changed_by = value, now, actor
            else:
                session.execute(
                    delete(PromotionTarget).where(
                        PromotionTarget.promotion_id == promotion.id, PromotionTarget.distributor_id == owner
                    )
                )
        else:
            continue
        moved.append(owner)
    session.flush()
    if moved and promotion.state is PromotionState.PUBLISHED and promotion.first_on is not None:
        month = promotion.first_on.replace(day=1)
        session.add_all(
            PromotionTouched(promotion_id=promotion.id, distributor_id=one, month_on=month) for one in moved
        )
        session.flush()
    if moved:
        after = {"new": fresh, "changed": changed}
        audit.note(
            *(session, actor, "promotion.targets", promotion.code),
            now=now,
            program_id=promotion.program_id,
            after=after,
        )
    return fresh, changed


def _find(session: Session, program_id: int, code: str) -> Promotion | None:
    return session.scalars(
        select(Promotion)
        .where(Promotion.program_id == program_id, Promotion.code_key == code_key(code))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _new(session: Session, program_id: int, definition: Definition, now: dt.datetime) -> Promotion:
    promotion = Promotion(
        program_id=program_id,
        code=definition.code,
        code_key=code_key(definition.code),
        state=PromotionState.DRAFT,
        draft=None,
        version=0,
        measured=False,
        created_at=now,
        changed_at=now,
    )
    session.add(promotion)
    session.flush()
    return promotion
