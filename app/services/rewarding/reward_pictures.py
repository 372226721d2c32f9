"""Pictures of rewards: opened, made small and encoded anew, so that what is given out is a picture and nothing else."""

import datetime as dt
import hashlib
import signal
import tempfile

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.local.forking import Ended, Readers
from app.models.rewards import Reward, RewardPicture
from app.services import audit
from app.services.rewarding.picture_maker import REFUSED, Fault

LARGEST_BYTES = 8 * 1024 * 1024
_SECONDS = 20
_MAKERS = Readers("app.services.rewarding.picture_maker", at_once=1)


class PictureRefused(ValueError):
    """A file that cannot be the picture of a reward."""

    def __init__(self, fault: Fault) -> None:
        """Say why."""
        super().__init__(f"this file cannot be a picture: {fault.value}")
        self.fault = fault


def encoded(content: bytes) -> bytes:
    """Have a picture made small, as WebP without what it carries along, in a process of its own; one after the other.

    Raises:
        PictureRefused: It is too heavy, too large, or no PNG, JPEG, WebP or GIF.
        RuntimeError: The process does not start, or somebody ended it: no fault of the file.
    """
    if len(content) > LARGEST_BYTES:
        raise PictureRefused(Fault.TOO_HEAVY)
    with tempfile.TemporaryFile(prefix="kontor-picture-") as handed:
        handed.write(content)
        handed.seek(0)
        try:
            done = _MAKERS.run(handed.fileno(), seconds=_SECONDS)
        except TimeoutError:
            raise PictureRefused(Fault.TOO_LARGE) from None
        if done.code:
            raise _problem(done)
        handed.seek(0)
        return handed.read()


def _problem(done: Ended) -> Exception:
    """Tell why the process ended as it did."""
    if done.code == REFUSED:
        return PictureRefused(Fault(done.said))
    if -done.code in (signal.SIGXCPU, signal.SIGKILL):
        return PictureRefused(Fault.TOO_LARGE)
    if done.code in (-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGABRT):
        return PictureRefused(Fault.NO_PICTURE)
    return RuntimeError(f"what makes pictures small ended with {done.code}: {done.complaints[-1000:]}")


def put(session: Session, reward_id: int, kept: bytes, *, actor: str, now: dt.datetime) -> None:
    """Make what `encoded` gave the picture of a reward. The caller commits."""
    digest = hashlib.sha256(kept).digest()
    values = {"sha256": digest, "content": kept, "changed_at": now}
    session.execute(
        insert(RewardPicture)
        .values(reward_id=reward_id, **values)
        .on_conflict_do_update(index_elements=[RewardPicture.reward_id], set_=values)
    )
    _note(session, reward_id, {"bytes": len(kept), "sha256": digest.hex()}, actor, now)


def remove(session: Session, reward_id: int, *, actor: str, now: dt.datetime) -> None:
    """Let a reward have no picture any more. The caller commits."""
    session.execute(delete(RewardPicture).where(RewardPicture.reward_id == reward_id))
    _note(session, reward_id, {"sha256": None}, actor, now)


def picture(session: Session, sha256: bytes) -> bytes | None:
    """Find a picture by its hash: whoever knows that has seen a page with it."""
    return session.scalars(select(RewardPicture.content).where(RewardPicture.sha256 == sha256).limit(1)).one_or_none()


def _note(session: Session, reward_id: int, after: dict[str, object], actor: str, now: dt.datetime) -> None:
    code, program_id = session.execute(select(Reward.code, Reward.program_id).where(Reward.id == reward_id)).one()
    audit.note(session, actor, "reward.picture", code, now=now, program_id=program_id, after=after)
