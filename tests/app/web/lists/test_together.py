"""Many rows at once: one more look, each by itself, what cannot be done told by name. Every list says what it has."""

import ast
import datetime as dt
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app import web
from app.db.transaction import transaction
from app.domain.roles import Role
from app.domain.states import ApplicationState, MessageState
from app.extensions import db
from app.models.catalogue import Product, ProductGroup
from app.models.distributors import Distributor, DistributorGroup
from app.models.joining import Application, Invitation
from app.models.messages import Message
from app.models.people import AuditEvent, Membership
from app.models.programs import Program
from app.services.access import invitations, people
from app.services.participants.distributor_rows import DistributorRow, put_distributors
from app.services.telling import messages
from app.web.access.permissions import ROUTES, Reach
from app.web.lists import together
from app.web.lists.describing import Listing
from tests.app.web.conftest import token_of
from tests.app.web.world import World

As = Callable[[str], FlaskClient]


def send(client: FlaskClient, index: str, act: str, ids: Sequence[Any], **more: Any) -> TestResponse:
    """Send chosen rows from a list, or from the page that looks at them once more."""
    at = index.partition("?")
    address = f"{at[0].rstrip('/')}/{act}{at[1]}{at[2]}"
    return client.post(address, data={"csrf_token": token_of(client, index), "ids": [str(one) for one in ids], **more})


def shown(answer: TestResponse) -> list[str]:
    """Give the ids that a page would send on."""
    assert answer.status_code == 200, answer.status_code
    return re.findall(r'name="ids" value="(\d+)"', answer.text)


def told(world: World, what: Any) -> list[Any]:
    """Ask the database."""
    with world.app.app_context():
        found = list(db.session.execute(what))
        db.session.remove()
    return found


def noted(world: World, action: str) -> list[tuple[str, str | None]]:
    """Give whom the audit log names for an action, with the reason, oldest first."""
    of_a = select(AuditEvent.subject, AuditEvent.reason).join(Program, Program.id == AuditEvent.program_id)
    rows = told(world, of_a.where(Program.code == world.a, AuditEvent.action == action).order_by(AuditEvent.id))
    return [(row.subject, row.reason) for row in rows]


def blocked(world: World) -> set[str]:
    of_a = select(Distributor.code).join(Program, Program.id == Distributor.program_id)
    return {row.code for row in told(world, of_a.where(Program.code == world.a, Distributor.blocked))}


def test_distributors_are_blocked_with_one_reason_and_take_part_again(world: World, as_: As) -> None:
    boss, index = as_("administrator"), f"/programs/{world.a}/distributors"
    chosen = [world.distributors[code] for code in ("D-10", "D-11", "D-12")]
    look = send(boss, index, "block", [*chosen, world.distributor_of_b, "x"])
    assert sorted(shown(look)) == sorted(map(str, chosen)), "what is not of the list is left out"
    assert "Block 3 distributors" in look.text
    assert blocked(world) == set(), "nothing is done yet"
    lacking = send(boss, index, "block", chosen, sure="yes", reason=" ")
    assert (lacking.status_code, "Say why." in lacking.text) == (400, True)
    done = send(boss, index, "block", [*chosen, world.distributor_of_b], sure="yes", reason="unpaid")
    assert (done.status_code, done.location) == (303, index)
    assert "3 distributors are blocked." in boss.get(index).text
    assert blocked(world) == {"D-10", "D-11", "D-12"}
    assert sorted(noted(world, "distributor.block")) == [(f"D-{at}", "unpaid") for at in (10, 11, 12)]

    more = send(boss, index, "block", [chosen[0], world.distributors["D-13"]])
    assert shown(more) == [str(world.distributors["D-13"])]
    assert "Stays as it is: Distributor 10. Blocked already." in more.text

    again = send(boss, f"{index}?state=blocked", "unblock", [], all="1")
    assert sorted(shown(again)) == sorted(map(str, chosen)), "all that the filters leave"
    back = send(boss, f"{index}?state=blocked", "unblock", chosen, sure="yes", reason="paid")
    assert back.location == f"{index}?state=blocked", "the list under its filters again"
    assert blocked(world) == set()
    assert len(noted(world, "distributor.unblock")) == 3


def test_what_changed_meanwhile_is_told_by_name_and_the_rest_goes_on(world: World, as_: As) -> None:
    """Two look at the same rows, one is quicker."""
    boss, index = as_("administrator"), f"/programs/{world.a}/distributors"
    group = told(world, select(DistributorGroup.id).join(Program).where(Program.code == world.a))[0].id
    chosen = [world.distributors[code] for code in ("D-20", "D-21")]
    look = send(boss, index, "move", chosen)
    assert "Group now" in look.text
    assert send(boss, index, "move", chosen[:1], sure="yes", group=str(group)).status_code == 303
    boss.get(index)
    send(boss, index, "move", chosen, sure="yes", group=str(group), reason="a fair")
    said = boss.get(index).text
    assert "1 distributor is moved." in said
    assert "Stays as it is: Distributor 20. In this group already." in said
    assert noted(world, "distributor.change")[-1] == ("D-21", "a fair")
    foreign = told(world, select(DistributorGroup.id).join(Program).where(Program.code == world.b))[0].id
    for wrong in ("", str(foreign), "9" * 30, "x"):
        assert send(boss, index, "move", chosen, sure="yes", group=wrong).status_code == 400, wrong
    send(boss, index, "move", chosen, sure="yes", group="none")
    assert "2 distributors are moved." in boss.get(index).text


def test_what_the_filter_leaves_out_by_now_is_told_as_well(world: World, as_: As) -> None:
    """Rows ticked under a filter stay chosen when somebody who was quicker moved them out of it."""
    boss, index = as_("administrator"), f"/programs/{world.a}/distributors"
    chosen = [world.distributors[code] for code in ("D-22", "D-23")]
    send(boss, index, "block", chosen, sure="yes", reason="unpaid")
    under = f"{index}?state=blocked"
    assert sorted(shown(send(boss, under, "unblock", chosen))) == sorted(map(str, chosen))
    send(boss, under, "unblock", chosen[:1], sure="yes", reason="paid")
    boss.get(index)
    send(boss, under, "unblock", chosen, sure="yes", reason="paid")
    said = boss.get(index).text
    assert "1 distributor takes part again." in said
    assert "Stays as it is: Distributor 22." in said


def test_what_the_list_has_no_longer_is_counted(world: World, as_: As) -> None:
    boss, index = as_("administrator"), f"/programs/{world.a}/distributors"
    gone = "1 chosen row is not in this list any more: somebody was quicker."
    chosen = [world.distributors["D-24"], world.distributor_of_b]
    assert gone in send(boss, index, "block", chosen).text
    send(boss, index, "block", chosen, sure="yes", reason="unpaid")
    said = boss.get(index).text
    assert "1 distributor is blocked." in said
    assert gone in said
    send(boss, index, "unblock", [chosen[0]], sure="yes", reason="paid")
    assert gone not in boss.get(index).text
    send(boss, index, "block", [world.distributor_of_b], sure="yes", reason="unpaid")
    alone = boss.get(index).text
    assert gone in alone
    assert "Choose rows first." not in alone


def test_no_more_than_two_hundred_are_done_at_once(world: World, as_: As) -> None:
    with world.app.app_context():
        with transaction(db.session) as session:
            program = session.scalars(select(Program).where(Program.code == world.a)).one()
            rows = [DistributorRow(code=f"MANY-{at}", name=f"Many {at}") for at in range(together.MOST_AT_ONCE + 7)]
            put_distributors(session, program.id, "pl", rows, enrolled_on=dt.date(2026, 1, 1), may_owe=True)
        db.session.remove()
    boss, index = as_("administrator"), f"/programs/{world.a}/distributors?q=MANY-"
    look = send(boss, index, "block", [], all="1")
    assert len(shown(look)) == together.MOST_AT_ONCE
    assert "At most 200 are done at once" in look.text
    send(boss, index, "block", shown(look), sure="yes", reason="many")
    assert "200 distributors are blocked." in boss.get(index).text
    rest = send(boss, index, "block", [], all="1")
    assert len(shown(rest)) == 7, "the others stay in the list"
    assert "and 195 more. Blocked already." in rest.text


def test_products_are_moved_to_a_group_and_out_of_it(world: World, as_: As) -> None:
    boss, index = as_("administrator"), f"/programs/{world.a}/products"
    (p2,) = told(world, select(Product.id).join(Program).where(Program.code == world.a, Product.code == "P2"))
    (foreign,) = told(world, select(Product.id).join(Program).where(Program.code == world.b))
    group = told(world, select(ProductGroup.id).join(Program).where(Program.code == world.a))[0].id
    assert shown(send(boss, index, "move", [p2.id, foreign.id])) == [str(p2.id)]
    assert send(boss, index, "move", [foreign.id], sure="yes", group=str(group)).status_code == 303
    stamp = select(Program.rules_stamp).where(Program.code == world.a)
    before = told(world, stamp)
    send(boss, index, "move", [p2.id], sure="yes", group=str(group), reason="a new season")
    assert "1 product is moved." in boss.get(index).text
    assert told(world, select(Product.group_id).where(Product.id == p2.id))[0].group_id == group
    assert told(world, select(Product.group_id).where(Product.id == foreign.id))[0].group_id != group
    assert told(world, stamp) != before, "every process loads its rules anew"
    assert noted(world, "product.move") == [("P2", "a new season")]
    send(boss, index, "move", [p2.id], sure="yes", group="none")
    assert told(world, select(Product.group_id).where(Product.id == p2.id))[0].group_id is None


def applied(world: World, code: str, *companies: str, **more: Any) -> list[int]:
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == code)).one()
        given = {"kind": "company", "locale": "en", "answers": {}, "state": ApplicationState.NEW, **more}
        made = [
            Application(
                program_id=program.id,
                name="Ann",
                login=f"{company}@{code}.example".lower(),
                company=company,
                created_at=world.clock(),
                **given,
            )
            for company in companies
        ]
        session.add_all(made)
        session.flush()
        return [one.id for one in made]


def state_of(world: World, *ids: int) -> list[str]:
    found = {row.id: row.state for row in told(world, select(Application.id, Application.state))}
    return [found[one] for one in ids]


def test_applications_are_refused_with_one_reason(world: World, as_: As) -> None:
    verifier, index = as_("verifier"), f"/programs/{world.a}/applications"
    chosen = applied(world, world.a, "No1", "No2")
    (foreign,) = applied(world, world.b, "Foreign")
    assert sorted(shown(send(verifier, index, "refuse", [*chosen, foreign]))) == sorted(map(str, chosen))
    send(verifier, index, "refuse", [*chosen, foreign], sure="yes", reason="only wholesalers")
    assert "2 applications are refused; the applicants are told why." in verifier.get(index).text
    assert state_of(world, *chosen, foreign) == ["refused", "refused", "new"]
    again = send(verifier, index, "refuse", chosen, sure="yes", reason="again")
    assert again.status_code == 303
    said = verifier.get(index).text
    assert "Nothing can be done to any of the chosen rows." in said
    assert "Decided already." in said


def test_applications_that_leave_nothing_open_are_accepted_and_the_others_named(world: World, as_: As) -> None:
    verifier, index = as_("verifier"), f"/programs/{world.a}/applications"
    clear = applied(world, world.a, "Yes1", "Yes2")
    twins = applied(world, world.a, "Twin1", "Twin2", tax_id="1234563218")
    (rep,) = applied(world, world.a, "Rep1", kind="rep")
    look = send(verifier, index, "accept", [*clear, *twins, rep])
    assert sorted(shown(look)) == sorted(map(str, clear))
    assert "This looks like something that is here already." in look.text
    assert f"A-{clear[0]}" in look.text
    foreign = told(world, select(DistributorGroup.id).join(Program).where(Program.code == world.b))[0].id
    assert send(verifier, index, "accept", clear, sure="yes", group=str(foreign)).status_code == 400
    with world.app.app_context(), transaction(db.session) as session:  # somebody takes one code meanwhile
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        taken = [DistributorRow(code=f"A-{clear[1]}", name="Quicker")]
        put_distributors(session, program.id, "pl", taken, enrolled_on=dt.date(2026, 1, 1), may_owe=True)
    send(verifier, index, "accept", [*clear, *twins, rep], sure="yes", group="")
    said = verifier.get(index).text
    assert "1 application is accepted; an invitation is on its way." in said
    assert "Yes2. Another distributor has this code." in said
    assert state_of(world, *clear, *twins, rep) == ["accepted", "new", "new", "new", "new"]
    assert len(told(world, select(Invitation.id).where(Invitation.login == f"yes1@{world.a}.example".lower()))) == 1


def invited(world: World, code: str, *names: str) -> list[int]:
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == code)).one()
        return [
            invitations.invite(
                session,
                program,
                login=f"{name}@{code}.example",
                name=name,
                role=Role.VIEWER,
                link=lambda token: f"https://x.example/{token}",
                actor="test",
                inviter="test",
                now=world.clock(),
            )
            for name in names
        ]


def test_invitations_are_sent_anew_and_taken_back(world: World, as_: As) -> None:
    boss, index = as_("administrator"), f"/programs/{world.a}/people/invitations"
    first = invited(world, world.a, "ann", "ben", "cem")
    foreign = invited(world, world.b, "fay")
    assert "ann@" in boss.get(index).text
    assert "fay@" not in boss.get(index).text
    assert sorted(shown(send(boss, index, "send-many", [*first, *foreign]))) == sorted(map(str, first))
    with world.app.app_context(), transaction(db.session) as session:  # one comes in another way
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        login = f"cem@{world.a}.example"
        people.create_user(session, login, "cem", world.password, actor="test", now=world.clock())
        people.give_role(session, login, program, Role.VIEWER, actor="test", now=world.clock())
    send(boss, index, "send-many", [*first, *foreign], sure="yes")
    said = boss.get(index).text
    assert "2 invitations are sent anew." in said
    assert "Stays as it is: cem. They have this role already." in said
    rows = select(Invitation.id, Invitation.name).where(*invitations.open_ones()).order_by(Invitation.id)
    still = {row.name: row.id for row in told(world, rows)}
    assert still["ann"] > first[1]
    assert still["fay"] == foreign[0]
    assert shown(send(boss, index, "withdraw-many", [first[0], still["ann"], foreign[0]])) == [str(still["ann"])]
    send(boss, index, "withdraw-many", [still["ann"], still["ben"], foreign[0]], sure="yes")
    assert "2 invitations are taken back." in boss.get(index).text
    names = {row.name for row in told(world, rows)}
    assert "fay" in names
    assert not {"ann", "ben"} & names


def test_roles_are_taken_away_but_ones_own(world: World, as_: As) -> None:
    boss, index = as_("administrator"), f"/programs/{world.a}/people"
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        for name in ("gia", "hal"):
            people.create_user(session, f"{name}@x.example", name, world.password, actor="test", now=world.clock())
            people.give_role(session, f"{name}@x.example", program, Role.VIEWER, actor="test", now=world.clock())
    seats = select(Membership.id, Program.code, Membership.role).join(Program)
    found = {(row.code, row.role): row.id for row in told(world, seats.order_by(Membership.id))}
    own, foreign = found[world.a, "administrator"], found[world.b, "administrator"]
    ids = [row.id for row in told(world, seats.order_by(Membership.id.desc()).limit(2))]
    look = send(boss, index, "take", [*ids, own, foreign])
    assert sorted(shown(look)) == sorted(map(str, ids))
    assert "Nobody changes their own role" in look.text
    send(boss, index, "take", [*ids, own, foreign], sure="yes", reason="left")
    assert "2 roles are taken away." in boss.get(index).text
    left = {row.id for row in told(world, seats)}
    assert {own, foreign} <= left
    assert not left & set(ids)


def test_messages_that_failed_are_sent_again(world: World, as_: As, monkeypatch: pytest.MonkeyPatch) -> None:
    def failed(code: str, to: str, state: MessageState = MessageState.FAILED) -> int:
        with world.app.app_context(), transaction(db.session) as session:
            program = session.scalars(select(Program).where(Program.code == code)).one()
            made = messages.write(
                session,
                messages.Kind.PASSWORD_CHANGED,
                to,
                locale="en",
                now=world.clock(),
                program=program,
                name="Ann",
                at="now",
                reset="https://x.example",
                login=to,
            )
            session.execute(update(Message).where(Message.id == made).values(state=state))
            return made

    mine = [failed(world.a, "one@x.example"), failed(world.a, "two@x.example")]
    sent, foreign = failed(world.a, "three@x.example", MessageState.SENT), failed(world.b, "four@x.example")
    boss, index = as_("administrator"), f"/programs/{world.a}/outbox"
    nothing = send(boss, index, "send-again", mine)
    assert nothing.status_code == 303
    assert "Not set up: E-mail." in boss.get(index).text
    shown_as = world.settings.model_copy(update={"smtp_url": "smtp://127.0.0.1:9", "mail_from": "k@k.example"})
    monkeypatch.setitem(world.app.extensions["kontor"], "settings", shown_as)
    look = send(boss, index, "send-again", [*mine, sent, foreign])
    assert sorted(shown(look)) == sorted(map(str, mine))
    assert "three@x.example. Neither held nor failed." in look.text
    send(boss, index, "send-again", [*mine, sent, foreign], sure="yes")
    assert "2 messages are on their way." in boss.get(index).text
    states = {row.id: row.state for row in told(world, select(Message.id, Message.state))}
    assert [states[one] for one in (*mine, sent, foreign)] == ["waiting", "waiting", "sent", "failed"]
    owner = as_("owner")
    send(owner, "/platform/outbox/", "send-again", [foreign], sure="yes")
    assert told(world, select(Message.state).where(Message.id == foreign))[0].state == "waiting"


def test_who_may_not_is_offered_nothing_and_finds_nothing(world: World, as_: As) -> None:
    viewer, a = as_("viewer"), f"/programs/{world.a}"
    for index in ("distributors", "products"):
        assert "data-list-acts" not in viewer.get(f"{a}/{index}").text
    token = token_of(viewer, f"{a}/distributors")
    for act in ("distributors/block", "distributors/move", "products/move", "applications/accept", "people/take"):
        sent = {"csrf_token": token, "ids": "1", "sure": "yes", "reason": "x", "group": "none"}
        assert viewer.post(f"{a}/{act}", data=sent).status_code == 404, act


NOTHING_AT_ONCE = {
    "audit": "what happened stays as it is noted",
    "provider_statements": "each is closed by itself, once its differences are answered",
    "statement_lines": "they came in as a file, and are looked at",
    "cards": "a card is replaced by another, registered or ordered; all who have none get theirs at once",
    "claim_drafts": "each is an invoice that somebody still writes",
    "disputes": "each is answered by itself, to whoever asked",
    "own_disputes": "each is taken back by itself",
    "own_accounts": "what is done to an account is done on its record",
    "scenario_distributors": "a report of a scenario",
    "scenario_products": "a report of a scenario",
    "deliveries": "they came in as files, and are looked at",
    "documents": "what waits is decided together in the list of those that wait; what counts is refused one by one",
    "events": "what happened is a fact, and nothing is done to it",
    "ledger": "nothing of the ledger changes",
    "promotions": "each is published and closed by itself, after a look at it",
    "promotion_standings": "what stands there is reckoned, not decided",
    "own_branches": "a head office reads what its branches have, and does nothing there",
    "own_documents": "distributors look at them, and answer each by itself",
    "own_top_ups": "distributors look at them",
    "own_purchase_credits": "each is withdrawn by itself, by whoever set it aside",
    "report_activity": "a report",
    "report_distributors": "a report; what is done to distributors is done in their list",
    "report_products": "a report; what is done to products is done in their list",
    "rules": "each change is a version that somebody looks at",
    "own_orders": "an order is called off by itself, by whoever placed it",
    "supplier_files": "each goes to another supplier",
    "compensation_runs": "a run is approved by itself, after a look at its sum",
    "compensations": "a run takes all of a period at once",
    "runs": "a run is approved by itself, after a look at its sum",
    "imports": "each is undone by itself, after a look at what that takes back",
    "tax_form": "who is on a form follows from what was levied",
    "tax_register": "what was levied was frozen, and nothing is done to it",
    "transfers": "each is approved by itself, after a look at both balances",
    "own_transfers": "participants look at them",
    "pools": "who joins and leaves is looked at one by one",
    "merges": "each is looked at with all that it moves",
    "top_ups": "they are settled by the provider's answer, all of a run at once",
    "top_ups_of_run": "they are settled by the provider's answer, all of a run at once",
    "programs": "each is looked after on pages of its own",
    "users": "accounts are shut, and the platform given away, one by one, each with a reason",
}
"""Lists whose rows are not decided together, and why."""


def listings() -> dict[str, bool]:
    """Give every list that the code describes, by name, and whether anything is done to many of its rows."""
    found = {}
    for path in Path(web.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Listing":
                given = {one.arg: one.value for one in node.keywords}
                name = given["name"]
                told = name.value if isinstance(name, ast.Constant) else f"{path.stem}.{ast.unparse(name)}"
                found[str(told)] = "actions" in given
    return found


def test_every_list_does_something_to_many_rows_or_says_why_not() -> None:
    found = listings()
    assert len(found) > 20
    assert {name for name, acts in found.items() if not acts} == set(NOTHING_AT_ONCE)


def test_what_is_offered_is_what_the_route_asks_for(world: World) -> None:
    described = {
        id(one): one
        for name, module in list(sys.modules.items())
        if name.startswith("app.web.")
        for one in vars(module).values()
        if isinstance(one, Listing)
    }
    offered = [act for one in described.values() for act in one.actions]
    assert len(offered) > 15
    for act in offered:
        rule = ROUTES[act.endpoint]
        if act.permission is None:
            assert rule.reach is Reach.PLATFORM, act.endpoint
        else:
            assert rule.permission == act.permission, act.endpoint
            assert rule.reach in (Reach.PROGRAM, Reach.DISTRIBUTOR), act.endpoint
        assert str(act.text).endswith("…"), "one more look comes first"
