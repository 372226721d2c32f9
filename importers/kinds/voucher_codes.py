"""Codes of vouchers from their issuer, each of which is given once. No message names one."""

from sqlalchemy import select

from app.domain.measures.calendar import local_date
from app.domain.states import Outcome, RewardKind
from app.domain.typed.codes import code_key
from app.models.rewards import Reward
from app.services.rewarding import vouchers
from app.services.rewarding.vouchers import NewCode
from importers.kinds.desk import Desk, Loaded
from importers.kinds.figures import days_of
from importers.kinds.rows import ThingRows
from importers.problems.problems import Problems


def load(desk: Desk, rows: ThingRows, problems: Problems) -> Loaded:
    """Seal the codes that are not here already, for the voucher that each row names, with the last day of their use."""
    days, today = days_of(desk, rows, "until", problems), local_date(desk.now, desk.program.time_zone)
    known = {
        one.code_key: one for one in desk.session.scalars(select(Reward).where(Reward.program_id == desk.program.id))
    }
    found: dict[int, tuple[Reward, list[NewCode]]] = {}
    for row, cells in rows:
        if row in problems.outcome:
            continue
        named, code = str(cells["reward"]), str(cells["code"])
        reward = known.get(code_key(named))
        if reward is None:
            problems.add(row, Outcome.HELD, "unknown_reward", found=repr(named))
        elif reward.kind is not RewardKind.VOUCHER:
            problems.add(row, Outcome.REFUSED, "not_a_voucher", found=repr(named))
        elif row in days and days[row] < today:
            told = {"field": rows.columns["until"], "found": repr(cells["until"])}
            problems.add(row, Outcome.REFUSED, "code_over", **told)
        else:
            found.setdefault(reward.id, (reward, []))[1].append(NewCode(code, days.get(row)))
    created = sum(
        vouchers.take_in(desk.session, desk.keys, reward, codes, actor=desk.actor, now=desk.now)
        for reward, codes in found.values()
    )
    brought = sum(len(codes) for _, codes in found.values())
    return Loaded(created, 0, brought - created)
