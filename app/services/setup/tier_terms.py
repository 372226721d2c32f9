"""What a programme says about its tiers, said anew: what each takes and gives, and how one is lost (rules.md 8)."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.program_file.definition import ProgramSettings
from app.domain.program_file.tier_settings import Tiers
from app.domain.typed.codes import code_key
from app.models.programs import Program
from app.models.rewards import Reward, RewardAudience
from app.services import audit
from app.services.setup import program_files, programs

Named: TypeAlias = Literal["rule", "promotion", "run", "reward"]


@dataclass(frozen=True)
class Use:
    """Something that is for a tier: of which kind, its name (a planned run has none), and the tier's code."""

    of: Named
    name: str
    tier: str


class TierInUse(ValueError):
    """A tier that something is for cannot go; `uses` says what."""

    def __init__(self, uses: list[Use]) -> None:
        """Take what is for tiers that would be gone."""
        self.uses = uses
        super().__init__(", ".join(f"{one.tier}: {one.of} {one.name}" for one in uses))


def put_tiers(session: Session, program: Program, said: Tiers, *, actor: str, now: dt.datetime) -> bool:
    """Say what tiers take and give; say whether that is new. The caller commits.

    It becomes another revision of the programme's document, and everybody is judged anew: who has enough for a higher
    tier is in it from that day on, and whose tier is gone is in the one that they have enough for. Nobody else falls
    before their span ends.

    Raises:
        TierInUse: A rule, a promotion, a planned run or a reward is for a tier that would be gone.
        ProgramFileInvalid: It does not fit the decimals of what is counted.
    """
    document = programs.document_to_change(session, program)
    settings = document["program"]
    stands = ProgramSettings.model_validate(settings).tiers
    if said == stands:
        return False
    gone = [one for one in _uses(session, program.id, document) if said.level(one.tier) is None]
    if said.levels and gone:
        raise TierInUse(gone)
    before, after = (one.model_dump(mode="json", by_alias=True, exclude_defaults=True) for one in (stands, said))
    file = program_files.read(document | {"program": settings | {"tiers": after}})
    programs.load(session, file, actor=actor, now=now, deed=None)
    audit.note(
        session, actor, "program.tiers", program.code, now=now, program_id=program.id, before=before, after=after
    )
    return True


def _uses(session: Session, program_id: int, document: dict[str, Any]) -> Iterator[Use]:
    """Give everything that is for a tier."""
    for rule in (*document.get("earning_rules", ()), *document.get("matrices", ())):
        yield from _of_scope("rule", rule["name"], rule)
    for promotion in document.get("promotions", ()):
        for part in (promotion, *promotion.get("gates", ())):
            yield from _of_scope("promotion", promotion["name"], part)
    run = document.get("prepaid", {}).get("scheduled_run") or {}
    yield from (Use("run", "", tier) for tier in run.get("tiers", ()))
    rewards = session.execute(
        select(Reward.name, RewardAudience.tier)
        .join(RewardAudience, RewardAudience.reward_id == Reward.id)
        .where(Reward.program_id == program_id, RewardAudience.tier.is_not(None))
        .order_by(Reward.sort_key)
    )
    for name, tier in rewards:
        if tier is not None:
            yield Use("reward", name, tier)


def _of_scope(of: Named, name: str, part: dict[str, Any]) -> Iterator[Use]:
    seen: set[str] = set()
    for tier in part.get("scope", {}).get("tiers", ()):
        if code_key(str(tier)) not in seen:
            seen.add(code_key(str(tier)))
            yield Use(of, name, str(tier))
