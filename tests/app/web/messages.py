"""What the application has written to somebody, as they would find it in their mail."""

import re

from sqlalchemy import select

from app.extensions import db
from app.models.messages import Message
from tests.app.web.world import World

_LINK = re.compile(r"https?://[^/\s]+(/\S+)")
_CODE = re.compile(r"\b(\d{6})\b")


def written_to(world: World, to: str) -> list[Message]:
    """Give everything that was written to an address or a number, oldest first."""
    with world.app.app_context():
        found = db.session.scalars(select(Message).where(Message.to == to).order_by(Message.id)).all()
        db.session.expunge_all()
        return list(found)


def link_to(world: World, to: str) -> str:
    """Give the path of the newest link that was written to somebody."""
    found = _LINK.search(written_to(world, to)[-1].body)
    assert found
    return found[1]


def code_to(world: World, to: str) -> str:
    """Give the newest code that was written to somebody."""
    found = _CODE.search(written_to(world, to)[-1].body)
    assert found
    return found[1]
