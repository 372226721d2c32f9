"""What a programme says about its tiers, said anew: what each takes and gives, and how one is lost (rules.md 8)."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.program_file.definition import ProgramSettings
from app.domain.program_file.tier_settings import Tiers
from app.domain.states import Event, PromotionState
from app.domain.typed.codes import code_key
from app.models.programs import Program
from app.models.promotions import Promotion, PromotionVersion
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


class TiersChanged(ValueError):
    """Somebody else said tiers anew since they were read."""


def fingerprint(tiers: Tiers) -> str:
    """Give a short mark of what is said of tiers, however amounts are written: who says it anew sends it along."""
    said = tiers.model_dump(mode="json") | {
        "levels": [one.model_dump(mode="json") | {"from_": f"{one.from_.normalize():f}"} for one in tiers.levels]
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def put_tiers(
    session: Session, program: Program, said: Tiers, *, seen: str | None = None, actor: str, now: dt.datetime
) -> bool:
    """Say what tiers take and give; say whether that is new. The caller commits.

    ``seen`` is the `fingerprint` of what was read before; None: nobody read it on a page. What is said becomes another
    revision of the programme's document, and everybody is judged anew: who has enough for a higher tier is in it from
    that day on, and whose tier is gone is in the one that they have enough for. Nobody else falls before their span
    ends.

    Raises:
        TiersChanged: Something else stands there than was read.
        TierInUse: A rule, a promotion, a planned run or a reward is for a tier that would be gone.
        ProgramFileInvalid: It does not fit the decimals of what is counted.
    """
    document = programs.document_to_change(session, program)
    settings = document["program"]
    stands = ProgramSettings.model_validate(settings).tiers
    if said == stands:
        return False
    if seen is not None and seen != fingerprint(stands):
        raise TiersChanged
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
    """Give everything that is for a tier. A promotion that was closed is for nobody any more."""
    for rule in (*document.get("earning_rules", ()), *document.get("matrices", ())):
        yield from _of_scope("rule", rule["name"], rule)
        if rule.get("event") == Event.TIER_REACHED:
            yield from (Use("rule", rule["name"], str(tier)) for tier in rule.get("about", ()))
    for wording in _promotions(session, program_id):
        named: dict[str, Use] = {}
        for part in (wording, *wording.get("gates", ())):
            named |= {code_key(use.tier): use for use in _of_scope("promotion", wording["name"], part)}
        yield from named.values()
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


def _promotions(session: Session, program_id: int) -> Iterator[dict[str, Any]]:
    """Give promotions that go on as they were published last, and all drafts: also of those that left the file."""
    rows = session.execute(
        select(PromotionVersion.definition, Promotion.draft)
        .select_from(Promotion)
        .outerjoin(
            PromotionVersion,
            (PromotionVersion.promotion_id == Promotion.id) & (PromotionVersion.version == Promotion.version),
        )
        .where(Promotion.program_id == program_id, Promotion.state != PromotionState.CLOSED)
        .order_by(Promotion.id)
    )
    for published, draft in rows:
        yield from (wording for wording in (published, draft) if wording is not None)


def _of_scope(of: Named, name: str, part: dict[str, Any]) -> Iterator[Use]:
    seen: set[str] = set()
    for tier in part.get("scope", {}).get("tiers", ()):
        if code_key(str(tier)) not in seen:
            seen.add(code_key(str(tier)))
            yield Use(of, name, str(tier))
