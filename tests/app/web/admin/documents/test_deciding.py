"""The queue and the page on which a document is decided: who has it, what is done to it, and the next one at once."""

import datetime as dt
import re
from collections.abc import Callable
from html import unescape

from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.db.transaction import transaction
from app.domain.saying.decision_codes import ACCEPTING
from app.domain.states import DocumentStatus
from app.extensions import db
from app.models.programs import Program
from app.models.reviews import Review
from app.models.sales import SalesDocument
from tests.app.web.conftest import token_of
from tests.app.web.world import World
from tests.support.desk import IN_REVIEW
from tests.support.sales import Sold, sell
from verification.deciding import decisions, queue

As = Callable[[str], FlaskClient]


def wait_in_review(world: World, *numbers: str, who: str = "D-7", lines: int = 2) -> list[int]:
    """Bring invoices that wait, each of some lines of ten pieces for 100.00; gives their ids."""
    from tests.app.web.world import _products

    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        goods = sorted(_products(session, program.id).items())
        sold = [
            Sold(number, world.distributors[who], goods[at % len(goods)][1], 10, 100_00, "2026-03-05")
            for number in numbers
            for at in range(lines)
        ]
        sell(session, program, sold, source=IN_REVIEW, now=world.clock())
        found = dict(
            session.execute(
                select(SalesDocument.number, SalesDocument.id).where(
                    SalesDocument.program_id == program.id, SalesDocument.number.in_(numbers)
                )
            ).all()
        )
        return [found[number] for number in numbers]


def status_of(world: World, number: str) -> DocumentStatus:
    with world.app.app_context(), transaction(db.session) as session:
        return session.scalars(
            select(SalesDocument.status)
            .join(Program, Program.id == SalesDocument.program_id)
            .where(Program.code == world.a, SalesDocument.number == number)
            .order_by(SalesDocument.id.desc())
            .limit(1)
        ).one()


def send(client: FlaskClient, page: str, act: str, **more: str):
    return client.post(f"{page}/{act}", data={"csrf_token": token_of(client, page), **more})


def test_a_page_that_is_opened_is_had_and_others_see_who_has_it(world: World, as_: As) -> None:
    (number,) = wait_in_review(world, "Q/1")
    page = f"/programs/{world.a}/review/{number}"
    assert 'data-key="a"' in as_("verifier").get(page).text
    other = as_("administrator").get(page).text
    assert 'data-key="a"' not in other
    assert f'title="{world.login("verifier")}">verifier</span> has this document before them' in other
    listed = as_("viewer").get(f"/programs/{world.a}/review?q=Q/1").text
    assert "verifier has it" in listed
    assert 'data-key="a"' not in as_("viewer").get(page).text, "who only looks decides nothing"
    late = send(as_("administrator"), page, "accept", **{"accept-code": "in_order"})
    assert late.location == page
    assert "has this document before them" in as_("administrator").get(page).text
    assert send(as_("verifier"), page, "back").location == f"/programs/{world.a}/review"
    assert 'data-key="a"' in as_("administrator").get(page).text
    send(as_("administrator"), page, "back")


def test_a_distributor_is_told_how_long_decisions_take_once_there_are_enough(world: World, as_: As) -> None:
    (waits,) = wait_in_review(world, "LONG/0", who="D-5")
    numbers = [f"LONG/{at}" for at in range(1, 11)]
    others = wait_in_review(world, *numbers, who="D-6")
    page = f"/programs/{world.a}/documents/{waits}"
    alone = "Somebody looks at it; its points wait until then."

    def decide(ids: list[int], hours: int) -> None:
        with world.app.app_context(), transaction(db.session) as session:
            program = session.scalars(select(Program).where(Program.code == world.a)).one()
            queue.enter(session, program.id)
            opened = dict(
                session.execute(select(Review.document_id, Review.opened_at).where(Review.document_id.in_(ids))).all()
            )
            for one in ids:
                late = {"actor": "ann", "now": opened[one] + dt.timedelta(hours=hours)}
                decisions.decide(session, program, one, DocumentStatus.ACCEPTED, code="in_order", reason="", **late)

    decide(others[:9], 2)
    told = as_("distributor").get(page).text
    assert (alone in told, "Half are decided" in told) == (True, False)
    decide(others[9:], 30)
    shown = " ".join(as_("distributor").get(page).text.split())  # no-break spaces as well
    assert f"{alone} Half are decided within 2 h 0 min." in shown


def test_the_next_of_a_narrowed_and_sorted_list_is_the_next_of_that_list(world: World, as_: As) -> None:
    one, two, three = (wait_in_review(world, f"LIST/{who}", who=who)[0] for who in ("D-6", "D-8", "D-7"))
    wait_in_review(world, "OTHER/1")
    verifier, asked = as_("verifier"), "?q=LIST%2F&sort=-name"
    listed_at = f"/programs/{world.a}/review"
    listed = verifier.get(f"{listed_at}{asked}").text
    assert f'href="{listed_at}/{two}?q=LIST/&amp;sort=-name"' in listed
    assert f'action="{listed_at}/next?q=LIST/&amp;sort=-name"' in listed
    first = verifier.post(f"{listed_at}/next{asked}", data={"csrf_token": token_of(verifier, listed_at)})
    assert first.location == f"{listed_at}/{two}?q=LIST/&sort=-name", "LIST/D-8 stands first"
    with world.app.app_context(), transaction(db.session) as session:
        session.execute(update(Review).where(Review.document_id == three).values(risk=900))  # the gravest of all
    page = verifier.get(first.location).text
    assert "“LIST/”" in page.partition('class="path"')[2].partition("</p>")[0]
    accepting = re.search(r'action="([^"]+/accept[^"]*)"', page)
    assert accepting is not None
    decided = verifier.post(
        unescape(accepting[1]), data={"csrf_token": token_of(verifier, first.location), "accept-code": "in_order"}
    )
    assert decided.location == f"{listed_at}/{three}?q=LIST/&sort=-name"
    token = token_of(verifier, decided.location)
    further = verifier.post(f"{listed_at}/{three}/next{asked}", data={"csrf_token": token})
    assert further.location.startswith(f"{listed_at}/{one}?")
    before = verifier.post(f"{listed_at}/{one}/before{asked}", data={"csrf_token": token})
    assert before.location.startswith(f"{listed_at}/{three}?"), "not the other, which waits as well"
    back = verifier.post(f"{listed_at}/{three}/back{asked}", data={"csrf_token": token})
    assert back.location == f"{listed_at}?q=LIST/&sort=-name"
    gravest = verifier.post(f"{listed_at}/next?q=LIST%2F", data={"csrf_token": token})
    assert gravest.location == f"{listed_at}/{three}?q=LIST/", "in the order of the queue, where the list is in its own"
    verifier.post(f"{listed_at}/{three}/back", data={"csrf_token": token})
    nothing = verifier.post(f"{listed_at}/next?q=LIST%2F9", data={"csrf_token": token})
    assert nothing.location == f"{listed_at}?q=LIST/9"
    assert "Nothing more of this list waits for you." in verifier.get(nothing.location).text


def test_what_somebody_wrote_who_came_too_late_can_be_kept_as_a_note(world: World, as_: As) -> None:
    (number,) = wait_in_review(world, "Q/2")
    page = f"/programs/{world.a}/review/{number}"
    as_("verifier").get(page)
    wrote = "The stamp is of another shop"
    late = send(as_("administrator"), page, "refuse", **{"refuse-code": "not_proved", "refuse-words": wrote})
    assert late.status_code == 409
    assert "has this document before them" in late.text
    note = late.text.partition('id="note"')[2].partition("</dialog>")[0]
    assert " data-open" in note.partition(">")[0]
    assert ("This was not done." in note, wrote in note) == (True, True)
    assert send(as_("administrator"), page, "note", **{"note-words": wrote}).location == page
    assert wrote in as_("verifier").get(page).text
    send(as_("verifier"), page, "back")


def test_whoever_decides_the_first_of_two_that_are_alike_sees_the_second(world: World, as_: As) -> None:
    (first,) = wait_in_review(world, "TWIN/1", who="D-7", lines=1)
    (second,) = wait_in_review(world, "TWIN/1b", who="D-8", lines=1)
    with world.app.app_context(), transaction(db.session) as session:
        found = [{"code": "twin_other", "document": first, "number": "TWIN/1", "issued_on": "2026-03-05"}]
        session.execute(update(SalesDocument).where(SalesDocument.id == second).values(reasons=found))
    verifier = as_("verifier")
    for mine, other in ((first, second), (second, first)):
        page = verifier.get(f"/programs/{world.a}/review/{mine}").text
        resembles = page.partition("What it resembles")[2]
        assert f"/programs/{world.a}/documents/{other}" in resembles.partition("</section>")[0]
        send(verifier, f"/programs/{world.a}/review/{mine}", "back")


def test_nobody_accepts_without_choosing_why_and_choosing_is_accepting(world: World, as_: As) -> None:
    (number,) = wait_in_review(world, "Q/20")
    client, page = as_("verifier"), f"/programs/{world.a}/review/{number}"
    shown = client.get(page).text
    form = shown[shown.index('action="' + page + '/accept"') :]
    form = form[: form.index("</form>")]
    assert "<select" not in form
    assert "selected" not in form
    for code in ACCEPTING:
        assert f'<button class="btn btn-plain" type="submit" name="accept-code" value="{code}"' in form
    none = send(client, page, "accept", **{"accept-words": "a letter"})
    assert (none.status_code, "Choose a reason." in none.text) == (400, True)
    assert status_of(world, "Q/20") is DocumentStatus.REVIEW
    send(client, page, "accept", **{"accept-code": "in_order"})
    assert status_of(world, "Q/20") is DocumentStatus.ACCEPTED
    together = client.post(
        f"/programs/{world.a}/review/accept",
        data={"csrf_token": token_of(client, page), "ids": wait_in_review(world, "Q/21")},
    )
    assert '<button class="btn btn-plain" type="submit" name="code" value="in_order"' in together.text
    # back to the list as it was filtered
    index, kept = f"/programs/{world.a}/review", "risk=slight"
    sent = {"csrf_token": token_of(client, page), "ids": wait_in_review(world, "Q/23")}
    assert f'href="{index}?{kept}"' in client.post(f"{index}/accept?{kept}", data=sent).text
    assert client.post(f"{index}/accept?{kept}", data={**sent, "code": "in_order"}).location == f"{index}?{kept}"


def test_of_many_those_that_somebody_decided_meanwhile_are_told_by_number(world: World, as_: As) -> None:
    """Two look at the same documents, one is quicker: what was chosen and does not wait any more is told."""
    verifier, index = as_("verifier"), f"/programs/{world.a}/review"
    numbers = wait_in_review(world, "Q/25", "Q/26", "Q/27")
    sent = {"csrf_token": token_of(verifier, index), "ids": [*numbers, world.document_of_b]}
    assert "Accept 3 documents" in verifier.post(f"{index}/accept?q=Q/2", data=sent).text
    quicker = as_("administrator")
    send(quicker, f"{index}/{numbers[0]}", "refuse", **{"refuse-code": "twice"})
    assert status_of(world, "Q/25") is DocumentStatus.REFUSED
    told = "1 document does not wait any more, and stays as it is: Q/25"
    look = verifier.post(f"{index}/accept?q=Q/2", data=sent).text
    assert "Accept 2 documents" in look
    assert told in look
    done = verifier.post(f"{index}/accept?q=Q/2", data={**sent, "code": "in_order"}, follow_redirects=True).text
    assert "2 documents are accepted." in done
    assert told in done
    assert status_of(world, "Q/25") is DocumentStatus.REFUSED


def test_a_reason_at_many_lines_is_told_once_in_the_queue(world: World, as_: As) -> None:
    (number,) = wait_in_review(world, "Q/22")
    with world.app.app_context(), transaction(db.session) as session:
        lines = [{"code": "unknown_product", "line": line, "value": f"W-{line}"} for line in (1, 2, 3)]
        session.execute(
            update(SalesDocument)
            .where(SalesDocument.id == number)
            .values(reasons=[*lines, {"code": "source_reviewed"}])
        )
    listed = as_("viewer").get(f"/programs/{world.a}/review?q=Q/22").text
    assert listed.count("(2 more like it)") == 1
    assert "W-2" not in listed


def test_after_a_decision_comes_the_next_document(world: World, as_: As) -> None:
    first, second = wait_in_review(world, "Q/2", "Q/3")
    client = as_("verifier")
    page = f"/programs/{world.a}/review/{first}"
    client.get(page)
    answer = send(client, page, "accept", **{"accept-code": "explained", "accept-words": "by a letter"})
    assert re.fullmatch(rf"/programs/{world.a}/review/\d+", answer.location)
    assert status_of(world, "Q/2") is DocumentStatus.ACCEPTED
    after = client.get(page).text
    assert "What stood out is explained. by a letter" in after
    assert "Open again" in after
    page = f"/programs/{world.a}/review/{second}"
    client.get(page)
    shown = client.get(page).text
    first = r'name="refuse-code"[^>]*><option value="">Choose a reason</option>'
    assert re.search(first, shown), "no reason is chosen for anybody"
    assert re.search(r"<dt>Points that are taken back</dt><dd>\d+</dd>", shown)
    assert send(client, page, "refuse", **{"refuse-code": "no-such"}).status_code == 400
    none = send(client, page, "refuse", **{"refuse-code": "", "refuse-words": "a letter"})
    assert (none.status_code, 'id="refuse-code-problem">Choose a reason.' in none.text) == (400, True)
    assert 'value="a letter"' in none.text
    assert status_of(world, "Q/3") is DocumentStatus.REVIEW
    send(client, page, "refuse", **{"refuse-code": "twice"})
    assert status_of(world, "Q/3") is DocumentStatus.REFUSED
    note = as_("administrator").get(f"/programs/{world.a}/documents/{second}").text
    note = note[note.index('class="note') : note.index('id="lines-title"')]
    assert "Refused." in note
    assert "This sale is here already." in note
    assert "review" not in note.lower(), "what stood out before is not why it was refused"
    opened = send(client, page, "reopen", **{"reopen-words": "a letter came"})
    assert opened.location != page
    assert "a letter came" in client.get(opened.location).text
    assert status_of(world, "Q/3") is DocumentStatus.REVIEW
    send(client, opened.location, "back")


def test_lines_and_quantities_are_accepted_in_part(world: World, as_: As) -> None:
    (number,) = wait_in_review(world, "Q/4")
    client, page = as_("verifier"), f"/programs/{world.a}/review/{number}"
    client.get(page)
    whole = {"line-1": "1", "quantity-1": "10", "line-2": "1", "quantity-2": "10", "part-code": "proof_differs"}
    for wrong, text in (
        (whole | {"quantity-1": "9", "part-code": ""}, "Choose a reason."),
        (whole, "This is the whole document"),
        ({"part-code": "twice"}, "Leave a line"),
        (whole | {"quantity-1": "11"}, "Line 1: write a quantity up to 10"),
        (whole | {"quantity-2": "x"}, "Line 2: write a quantity up to 10"),
    ):
        answer = send(client, page, "part", **wrong)
        assert (answer.status_code, text in answer.text) == (400, True), wrong
    assert status_of(world, "Q/4") is DocumentStatus.REVIEW
    send(client, page, "part", **{"line-2": "1", "quantity-2": "2.5", "part-code": "proof_differs"})
    assert status_of(world, "Q/4") is DocumentStatus.ACCEPTED
    assert "Go to what counts" in client.get(page).text


def test_what_is_set_aside_handed_over_or_asked_about_leaves_the_page(world: World, as_: As) -> None:
    held, handed, asked = wait_in_review(world, "Q/5", "Q/6", "Q/7", who="D-5")
    client, review = as_("verifier"), f"/programs/{world.a}/review"
    for number, act, more in (
        (held, "hold", {"hold-words": "the sponsor is asked"}),
        (handed, "hand", {"hand-to": world.login("administrator"), "hand-words": "you know them"}),
        (asked, "ask", {"ask-words": "Which branch was it?"}),
    ):
        client.get(f"{review}/{number}")
        empty = send(client, f"{review}/{number}", act, **dict.fromkeys(more, ""))
        assert empty.status_code == 400, act
        assert send(client, f"{review}/{number}", act, **more).status_code == 303
    for state, number in (("held", "Q/5"), ("asked", "Q/7")):
        assert number in client.get(f"{review}?state={state}").text
    mine = as_("distributor").get(f"/portal/{world.a}/{world.distributors['D-5']}/documents?q=Q/7").text
    assert "You are asked for more about it: open it and answer." in mine
    boss = as_("administrator")
    assert "Q/6" in boss.get(f"{review}?whose=mine").text
    taken = boss.post(f"{review}/next", data={"csrf_token": token_of(boss, review)})
    assert taken.location == f"{review}/{handed}", "what was handed over comes first"
    assert "you know them" in boss.get(taken.location).text
    send(boss, taken.location, "note", **{"note-words": "called them"})
    assert "called them" in boss.get(taken.location).text
    assert "called them" not in as_("distributor").get(f"/programs/{world.a}/documents/{handed}").text
    send(boss, taken.location, "back")


def test_all_that_the_filters_leave_are_decided_with_their_sums_shown_first(world: World, as_: As) -> None:
    numbers = [f"BULK/{at}" for at in range(30)]
    wait_in_review(world, *numbers, who="D-8", lines=1)
    client, review = as_("verifier"), f"/programs/{world.a}/review"
    token = token_of(client, review)
    sure = client.post(f"{review}/refuse?q=BULK", data={"csrf_token": token, "all": "1"})
    assert "Refuse 30 documents" in sure.text
    for sums in ("<dt>Yours to decide</dt><dd>30</dd>", "3,000.00", "<dt>Points that are taken back</dt><dd>300</dd>"):
        assert sums in sure.text
    ids = re.findall(r'name="ids" value="(\d+)"', sure.text)
    page = f"/programs/{world.a}/review/{ids[0]}"
    assert as_("administrator").get(page).status_code == 200  # who opens it has it
    had = re.search(r"BULK/\d+", as_("administrator").get(page).text)
    assert had
    again = client.post(f"{review}/refuse?q=BULK", data={"csrf_token": token, "all": "1"}).text
    assert f"they stay as they are. {had[0]}</p>" in again, "it says which"
    some = {"csrf_token": token, "ids": ids[:2], "code": "not_proved", "words": "none came"}
    left = client.post(f"{review}/refuse?q=BULK", data=some, follow_redirects=True).text
    assert f"somebody else must decide it, or has it. {had[0]}" in left
    send(as_("administrator"), page, "back")
    ids.remove(ids[1])
    how = {"csrf_token": token, "ids": ids, "code": "not_proved", "words": "none came"}
    done = client.post(f"{review}/refuse?q=BULK", data=how, follow_redirects=True)
    assert "29 documents are refused." in done.text
    assert {status_of(world, number) for number in numbers} == {DocumentStatus.REFUSED}
