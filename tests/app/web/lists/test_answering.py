"""The distributor's side of a decision: status, reason, what to do, answering what was asked, and appealing once."""

import io
from collections.abc import Callable

from flask.testing import FlaskClient
from PIL import Image

from app.domain.states import DocumentStatus
from tests.app.web.admin.documents.test_deciding import send, status_of, wait_in_review
from tests.app.web.conftest import token_of
from tests.app.web.world import World

As = Callable[[str], FlaskClient]


def photo() -> io.BytesIO:
    made = io.BytesIO()
    Image.new("RGB", (300, 400), "white").save(made, "JPEG")
    made.seek(0)
    return made


def test_a_question_is_answered_with_a_photo_and_the_document_waits_again(world: World, as_: As) -> None:
    (number,) = wait_in_review(world, "ASK/1", who="D-5")
    own, review = f"/programs/{world.a}/documents/{number}", f"/programs/{world.a}/review/{number}"
    seller, verifier = as_("distributor"), as_("verifier")
    before = seller.get(own).text
    assert "In review." in before
    assert 'name="words"' not in before
    verifier.get(review)
    send(verifier, review, "ask", **{"ask-words": "Which branch was it?"})
    asked = seller.get(own).text
    assert "A question to you:" in asked
    assert "Which branch was it?" in asked
    home = f"/portal/{world.a}/{world.distributors['D-5']}"
    assert (
        f'<a href="{own}">Please answer about document ASK/1: Which branch was it?</a>'
        in seller.get(f"{home}/notices").text
    )
    assert f'<a href="{own}">' in (first := seller.get(f"{home}/").text)
    assert "Answer what was asked about ASK/1" in first
    empty = send(seller, own, "answer", words="")
    assert (empty.status_code, "Say something, or attach a file." in empty.text) == (400, True)
    text = {"csrf_token": token_of(seller, own), "words": "Gdańsk", "files": (io.BytesIO(b"plain text"), "note.txt")}
    refused = seller.post(f"{own}/answer", data=text)
    assert (refused.status_code, "note.txt" in refused.text) == (400, True)
    sent = {"csrf_token": token_of(seller, own), "words": "Gdańsk", "files": (photo(), "invoice.jpg")}
    assert seller.post(f"{own}/answer", data=sent).status_code == 303
    assert "Answer what was asked" not in seller.get(f"{home}/").text
    page = verifier.get(review).text
    assert "Gdańsk" in page
    assert "invoice.jpg" in page
    assert verifier.get(f"{own}/proofs/{page.split('/proofs/')[1].split('/')[0]}/1").mimetype == "image/jpeg"
    again = send(seller, own, "answer", words="Once more")
    assert again.status_code == 303
    assert "There is nothing to be said about it any more." in seller.get(own).text
    send(verifier, review, "back")


def test_a_photo_answers_without_words(world: World, as_: As) -> None:
    (number,) = wait_in_review(world, "ASK/2", who="D-5")
    own, review = f"/programs/{world.a}/documents/{number}", f"/programs/{world.a}/review/{number}"
    seller, verifier = as_("distributor"), as_("verifier")
    verifier.get(review)
    send(verifier, review, "ask", **{"ask-words": "Send the second page."})
    sent = {"csrf_token": token_of(seller, own), "words": " ", "files": (photo(), "second.jpg")}
    assert seller.post(f"{own}/answer", data=sent).status_code == 303
    page = verifier.get(review).text
    assert "See what is attached." in page
    assert "second.jpg" in page
    send(verifier, review, "back")


def test_a_refusal_says_why_and_what_to_do_and_is_appealed_once(world: World, as_: As) -> None:
    (number,) = wait_in_review(world, "APPEAL/1", who="D-5")
    own, review = f"/programs/{world.a}/documents/{number}", f"/programs/{world.a}/review/{number}"
    seller, verifier, boss = as_("distributor"), as_("verifier"), as_("administrator")
    verifier.get(review)
    send(verifier, review, "refuse", **{"refuse-code": "not_proved", "refuse-words": "no picture came"})
    page = seller.get(own).text
    for text in (
        "Refused.",
        "Nothing proves this sale. no picture came",
        "Register it again with the invoice attached.",
    ):
        assert text in page
    again = f'href="/portal/{world.a}/{world.distributors["D-5"]}/claims/new"'
    assert again in page, "what to do is one click away"
    assert as_("other").post(f"{own}/appeal", data={"csrf_token": "x"}).status_code in (400, 404)
    silent = {"csrf_token": token_of(seller, own), "words": "", "files": (photo(), "late.jpg")}
    assert "Say something." in seller.post(f"{own}/appeal", data=silent).text
    sent = {"csrf_token": token_of(seller, own), "words": "Here it is", "files": (photo(), "late.jpg")}
    appealed = seller.post(f"{own}/appeal", data=sent)
    assert appealed.status_code == 303
    assert appealed.location != own
    assert status_of(world, "APPEAL/1") is DocumentStatus.REVIEW
    old = seller.get(own).text
    assert "Another wording took its place." in old
    assert appealed.location in old
    new_review = appealed.location.replace("/documents/", "/review/")
    mine = verifier.get(new_review).text
    assert 'data-key="a"' not in mine
    assert "somebody else to decide" in mine
    shown = boss.get(new_review).text
    assert "Here it is" in shown
    assert "late.jpg" in shown
    send(boss, new_review, "refuse", **{"refuse-code": "twice"})
    final = seller.get(appealed.location).text
    assert "There is nothing to do: the first one counts." in final
    assert again not in final
    assert 'name="words"' not in final, "there is one appeal"
    assert send(seller, own, "appeal", words="But").status_code == 303
    assert status_of(world, "APPEAL/1") is DocumentStatus.REFUSED


def test_what_made_somebody_look_is_not_for_who_is_looked_at(world: World, as_: As) -> None:
    (number,) = wait_in_review(world, "LOOK/1", who="D-5")
    page = as_("distributor").get(f"/programs/{world.a}/documents/{number}").text
    assert "Somebody looks at it" in page
    assert as_("viewer").post(f"/programs/{world.a}/documents/{number}/answer", data={}).status_code in (400, 404)


def test_a_part_that_was_accepted_says_why_not_all(world: World, as_: As) -> None:
    (number,) = wait_in_review(world, "PART/1", who="D-5")
    review = f"/programs/{world.a}/review/{number}"
    verifier, seller = as_("verifier"), as_("distributor")
    verifier.get(review)
    send(verifier, review, "part", **{"line-1": "1", "quantity-1": "3", "part-code": "proof_differs"})
    old = seller.get(f"/programs/{world.a}/documents/{number}").text
    counts = old.split('class="btn btn-plain" href="')[1].split('"')[0]
    assert "The proof says something else than what was registered." in seller.get(counts).text
    home = f"/portal/{world.a}/{world.distributors['D-5']}"
    assert "Document PART/1 was accepted in part: The proof says" in seller.get(f"{home}/notices").text
