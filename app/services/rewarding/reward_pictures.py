"""Pictures of rewards: opened, made small and encoded anew, so that what is given out is a picture and nothing else."""

import datetime as dt
import enum
import hashlib
import io
import warnings

from PIL import Image
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.models.rewards import Reward, RewardPicture
from app.photos import UNREADABLE, upright
from app.services import audit

LARGEST_BYTES = 8 * 1024 * 1024
MOST_PIXELS = 40_000_000
SIDE = 640
"""Longest side of what is kept, in pixels: a card on a phone is half of that, on a screen of twice the density."""
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")


class Fault(enum.StrEnum):
    """Why a file cannot be a picture."""

    NO_PICTURE = "no_picture"
    TOO_HEAVY = "too_heavy"
    TOO_LARGE = "too_large"


class PictureRefused(ValueError):
    """A file that cannot be the picture of a reward."""

    def __init__(self, fault: Fault) -> None:
        """Say why."""
        super().__init__(f"this file cannot be a picture: {fault.value}")
        self.fault = fault


def encoded(content: bytes) -> bytes:
    """Open a picture, turn it as its camera says, make it small, and encode it as WebP without what it carries along.

    Raises:
        PictureRefused: It is too heavy, too large, or no PNG, JPEG, WebP or GIF.
    """
    if len(content) > LARGEST_BYTES:
        raise PictureRefused(Fault.TOO_HEAVY)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=_FORMATS) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    raise PictureRefused(Fault.TOO_LARGE)
                opened.draft("RGB", (SIDE, SIDE))
                turned = upright(opened)
                small = turned.convert("RGBA" if turned.has_transparency_data else "RGB")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureRefused(Fault.TOO_LARGE) from None
    except UNREADABLE as error:
        if isinstance(error, PictureRefused):
            raise
        raise PictureRefused(Fault.NO_PICTURE) from None
    small.thumbnail((SIDE, SIDE))
    made = io.BytesIO()
    small.save(made, "WEBP", quality=82, method=4)
    return made.getvalue()


def put(session: Session, reward_id: int, content: bytes, *, actor: str, now: dt.datetime) -> None:
    """Make a picture that of a reward. The caller commits.

    Raises:
        PictureRefused: It cannot be one.
    """
    kept = encoded(content)
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
