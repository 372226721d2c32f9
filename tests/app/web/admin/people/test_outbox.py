"""Messages as those see them who may: held ones can be read, those on their way are their recipient's alone."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.states import MessageState
from app.extensions import db
from app.models.messages import Message
from app.models.programs import Program
from app.services.telling import messages
from app.services.telling.messages import Channel, Kind
from app.web.admin.people import outbox
from tests.app.web.admin.people.sending import As, kept, send
from tests.app.web.auth.arriving import new_login
from tests.app.web.world import World

# the outbox


@pytest.fixture
def message(world: World) -> Callable[..., int]:
    """Writes messages in some state: of programme A, or of none."""

    def write(state: MessageState = MessageState.HELD, *, of_program: bool = True) -> int:
        with world.app.app_context(), transaction(db.session) as session:
            program = session.scalars(select(Program).where(Program.code == world.a)).one()
            id_ = messages.write(
                session,
                Kind.INVITATION,
                new_login(),
                locale="en",
                now=world.clock(),
                program=program if of_program else None,
                name="<svg onload=alert(1)>",
                inviter="Bob",
                role="Viewer",
                until="tomorrow",
                link="https://x.example/invitation/s3cret",
            )
            session.get_one(Message, id_).state = state
        return id_

    return write


def test_what_is_held_can_be_read_and_its_links_followed(world: World, as_: As, message: Callable[..., int]) -> None:
    page = as_("administrator").get(f"/programs/{world.a}/outbox/{message()}").text
    assert '<a href="https://x.example/invitation/s3cret"' in page
    assert "<svg onload" not in page
    listed = as_("administrator").get(f"/programs/{world.a}/outbox").text
    assert "Messages are held" in listed


def test_what_is_on_its_way_is_its_recipient_s_alone(
    world: World, as_: As, message: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.admin.people.outbox.gateways", lambda: {Channel.MAIL, Channel.SMS})
    for state in (MessageState.WAITING, MessageState.FAILED, MessageState.SENT):
        page = as_("administrator").get(f"/programs/{world.a}/outbox/{message(state)}").text
        assert "s3cret" not in page, state
    held = message()
    page = f"/programs/{world.a}/outbox/{held}"
    assert "s3cret" in as_("administrator").get(page).text
    assert send(as_("administrator"), f"{page}/send-again", page).status_code == 303
    assert kept(world, Message, held).state == MessageState.WAITING
    assert "Messages are held" not in as_("administrator").get(f"/programs/{world.a}/outbox").text


def test_messages_of_no_programme_are_the_platform_s_alone(world: World, as_: As, message: Callable[..., int]) -> None:
    id_ = message(of_program=False)
    assert as_("administrator").get(f"/programs/{world.a}/outbox/{id_}").status_code == 404
    assert "s3cret" in as_("owner").get(f"/platform/outbox/{id_}").text
    assert as_("owner").get("/platform/outbox/").status_code == 200
    assert as_("owner").get("/platform/outbox/999999999").status_code == 404
    send(as_("owner"), f"/platform/outbox/{id_}/send-again", f"/platform/outbox/{id_}")
    assert kept(world, Message, id_).state == MessageState.WAITING


def test_a_programme_sees_its_own_messages(world: World, as_: As, message: Callable[..., int]) -> None:
    id_ = message()
    assert as_("owner").get(f"/programs/{world.b}/outbox/{id_}").status_code == 404
    assert as_("stranger").get(f"/programs/{world.a}/outbox/{id_}").status_code == 404


def test_a_message_whose_link_opens_nothing_any_more_says_so_and_cannot_be_sent(
    world: World, as_: As, message: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = message()
    with world.app.app_context(), transaction(db.session) as session:
        session.get_one(Message, id_).opens = b"of an invitation that was withdrawn"
    monkeypatch.setattr(outbox, "gateways", lambda: {Channel.MAIL})
    administrator = as_("administrator")
    page = f"/programs/{world.a}/outbox/{id_}"
    shown = administrator.get(page).text
    assert "opens nothing any more" in shown
    assert "Send it now" not in shown
    assert send(administrator, f"{page}/send-again", page).status_code == 303
    assert kept(world, Message, id_).state == MessageState.HELD
