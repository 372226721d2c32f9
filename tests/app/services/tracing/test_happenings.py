"""The story of a distributor: everything that happened to it, newest first, a page at a time, and nothing of others."""

import datetime as dt

import pytest
from sqlalchemy import event, select

from app.domain.roles import Role
from app.domain.states import CardState, TransactionKind, Unit
from app.models.messages import Message
from app.models.prepaid import Card, Redemption, TopUp
from app.services.access import invitations, memberships, people
from app.services.by_hand import adjustments
from app.services.participants import distributor_changes
from app.services.telling import messages, notices
from app.services.tracing import happenings
from app.services.tracing.happenings import Happening, Kind, Place, Source
from tests.support.desk import IN_REVIEW, TODAY, Desk
from tests.support.programs import NOW

LATER = NOW + dt.timedelta(hours=1)


def story(desk: Desk, *kinds: Kind, who: str = "D1", before: Place | None = None, limit: int = 100) -> list[Happening]:
    desk.session.flush()
    found = happenings.happenings(
        desk.session, desk.program.id, desk.people[who], who, kinds or tuple(Kind), before=before, limit=limit
    )
    return list(found)


def busy(desk: Desk) -> None:
    """Let one thing of every kind happen to D1, and a sale to D2."""
    session, program, owner = desk.session, desk.program, desk.people["D1"]
    desk.invoice("FV/1", 30)
    desk.credit("KOR/1", 5)
    desk.invoice("FV/2", 7, source=IN_REVIEW)
    desk.refuse("FV/2")
    desk.invoice("FV/9", 3, who="D2")
    given = adjustments.request(session, program, owner, 4, reason_code="event", note="fair", actor="ann", now=NOW)
    adjustments.approve(session, program, given, actor="ben", now=NOW)
    other = adjustments.request(session, program, owner, 9, reason_code="other", note="gift", actor="ann", now=NOW)
    adjustments.refuse(session, program, other, note="why so", actor="ben", now=LATER)
    distributor_changes.change(session, program, owner, {"city": "Gdynia"}, actor="ann", now=NOW)
    distributor_changes.set_blocked(session, program, owner, blocked=True, reason="owes", actor="ann", now=LATER)
    _people(desk, owner)
    _prepaid(desk, owner)


def _people(desk: Desk, owner: int) -> None:
    session, program = desk.session, desk.program
    login = f"{program.code}@owner.example"
    people.create_user(session, login, "Olga", None, actor="ann", now=NOW)
    people.give_role(session, login, program, Role.OWNER, owner, actor="ann", now=NOW)
    messages.write(
        session, messages.Kind.RESET, login, locale="en", now=NOW, program=program, name="O", minutes=1, link=""
    )
    invitations.invite(
        session,
        program,
        login=f"{program.code}@rep.example",
        name="Rita",
        role=Role.REP,
        distributor_id=owner,
        link=lambda token: token,
        actor="ann",
        inviter="Ann",
        now=NOW,
    )


def _prepaid(desk: Desk, owner: int) -> None:
    session, program = desk.session, desk.program
    reserved = desk.reserve(10)
    session.add(
        Card(
            program_id=program.id,
            distributor_id=owner,
            provider="sandbox",
            reference=f"C{program.id}",
            token=f"T{program.id}",
            last4="4242",
            state=CardState.ISSUED,
            created_at=NOW,
            issued_at=NOW,
        )
    )
    redemption = Redemption(
        program_id=program.id,
        account_id=desk.account(),
        redeemed_on=TODAY,
        points=10,
        point_value_micro=10_000_000,
        amount_minor=100,
        compensation_minor=0,
        withheld_minor=0,
        counted_minor=100,
        currency="PLN",
        tax_rule="none",
        tax_trace={},
        reserve_transaction_id=reserved,
        created_at=NOW,
        key="asked",
        asked_by="ann",
    )
    session.add(redemption)
    session.flush()
    session.add(
        TopUp(
            redemption_id=redemption.id,
            kind="reward",
            amount_minor=100,
            status="cancelled",
            reference=f"R{program.id}",
            created_at=NOW,
            settled_at=LATER,
        )
    )


def test_every_kind_of_happening_is_told(desk: Desk) -> None:
    busy(desk)
    told = story(desk)
    assert {one.source for one in told} == set(Source)
    assert {happenings.KIND_OF[one.source] for one in told} == set(Kind)
    documents = {one.parts["number"]: one.parts for one in told if one.source is Source.DOCUMENT}
    assert set(documents) == {"FV/1", "KOR/1", "FV/2"}
    assert documents["FV/1"]["document_id"] == desk.document("FV/1").id
    moved = [(one.parts["kind"], one.parts["amount"]) for one in told if one.source is Source.MOVEMENT]
    assert (TransactionKind.AWARD, 30) in moved
    assert (TransactionKind.REVERSAL, -5) in moved
    assert (TransactionKind.VOID, -7) in moved
    (adjusted,) = [one for one in told if one.source is Source.ADJUSTED]
    assert (adjusted.parts["amount"], adjusted.parts["unit"], adjusted.parts["who"]) == (4, Unit.POINTS, "ben")
    (changed,) = [one for one in told if one.parts.get("action") == "distributor.change"]
    assert (changed.parts["before"], changed.parts["after"]) == ({"city": None}, {"city": "Gdynia"})


def test_what_happened_to_others_is_not_told(desk: Desk) -> None:
    busy(desk)
    assert [one.parts["number"] for one in story(desk, who="D2") if one.source is Source.DOCUMENT] == ["FV/9"]
    assert {one.source for one in story(desk, who="D2")} == {Source.DOCUMENT, Source.MOVEMENT}
    assert story(desk, who="D3") == []


@pytest.mark.parametrize("kind", list(Kind))
def test_one_kind_is_told_alone(desk: Desk, kind: Kind) -> None:
    busy(desk)
    alone = story(desk, kind)
    assert alone
    assert alone == [one for one in story(desk) if happenings.KIND_OF[one.source] is kind]


def test_the_story_is_newest_first_and_an_effect_stands_above_its_cause(desk: Desk) -> None:
    busy(desk)
    told = story(desk)
    places = [(one.at, one.source, one.id) for one in told]
    assert places == sorted(places, reverse=True)
    order = [one.source for one in told]
    assert order.index(Source.MOVEMENT) < len(order) - 1 - order[::-1].index(Source.DOCUMENT)


@pytest.mark.parametrize("size", [1, 2, 7])
def test_pages_tell_everything_once_though_much_happened_in_one_moment(desk: Desk, size: int) -> None:
    busy(desk)
    whole, read, before = story(desk), [], None
    while page := story(desk, before=before, limit=size):
        read += page
        before = happenings.place_named(str(page[-1].place))
        assert before is not None
        assert len(page) <= size
    assert read == whole


def test_a_page_is_one_statement(desk: Desk) -> None:
    busy(desk)
    desk.session.flush()
    said: list[str] = []
    engine = desk.session.get_bind()
    note = lambda *given: said.append(given[2])  # noqa: E731
    event.listen(engine, "before_cursor_execute", note)
    try:
        story(desk, limit=5)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(said) == 1


@pytest.mark.parametrize(
    "text", ["", "~", "2026-11-21~1~1", "soon~1~1", "2026-11-21T10:00:00+00:00~x~1", "2026-11-21T10:00:00+00:00~1~²"]
)
def test_what_is_no_place_is_the_beginning(text: str) -> None:
    assert happenings.place_named(text) is None


def test_whoever_left_is_told_with_the_distributor_they_left(desk: Desk) -> None:
    busy(desk)
    owner = memberships.team(desk.session, desk.people["D1"])[0]
    seat = owner.membership_id
    memberships.change_role(desk.session, desk.program, seat, Role.REP, by_user_id=0, actor="ann", now=LATER)
    memberships.take_role(desk.session, desk.program, seat, by_user_id=0, actor="ann", now=LATER)
    actions = [one.parts["action"] for one in story(desk, Kind.PEOPLE)]
    assert actions[:2] == ["user.role_taken", "user.role_changed"]


def test_messages_to_others_are_not_told(desk: Desk) -> None:
    busy(desk)
    messages.write(
        desk.session,
        messages.Kind.RESET,
        "else@example.com",
        locale="en",
        now=NOW,
        program=desk.program,
        name="E",
        minutes=1,
        link="",
    )
    told = [one.parts["to"] for one in story(desk, Kind.MESSAGES) if one.source is Source.MESSAGE]
    assert told == [f"{desk.program.code}@owner.example"]
    assert len(desk.session.scalars(select(Message.id).where(Message.program_id == desk.program.id)).all()) > 1


def test_notices_are_told_with_what_their_sentence_is_made_of(desk: Desk) -> None:
    notices.tell(
        desk.session,
        desk.program.id,
        "adjusted",
        {"points": 3, "reason": "fair"},
        distributor_id=desk.people["D1"],
        now=NOW,
    )
    (told,) = story(desk, Kind.MESSAGES)
    assert told.parts == {"kind": "adjusted", "parts": {"points": 3, "reason": "fair"}}
