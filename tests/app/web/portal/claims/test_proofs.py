"""Proofs of an invoice that is registered: what is taken, what of it is shown to whom, what files may not do."""

import datetime as dt
import io
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.states import DocumentStatus
from app.extensions import db
from app.models.claims import Attachment, Claim
from app.models.sales import SalesDocument
from tests.app.web.portal.claims.test_claims import key_of, portal, token, typed
from tests.app.web.world import World
from tests.support.e_invoices import Item, cii, fa, pdf_with
from tests.support.photos import CAMERA, HEIC, bomb, pages, photo, written
from verification.einvoices import ksef
from verification.einvoices.reading import read

As = Callable[[str], FlaskClient]


def attach(client: FlaskClient, world: World, content: bytes, name: str, **more: str) -> Any:
    """Attach a file to a new draft, as the page does as soon as one is chosen."""
    page = client.get(portal(world, "new")).text
    data: dict[str, Any] = typed(page, "", action="attach") | {"issued_on": ""} | more
    return client.post(portal(world, "new"), data=data | {"files": (io.BytesIO(content), name)})


def attachments(world: World, address: str) -> list[Attachment]:
    claim_id = int(address.rstrip("/").rpartition("/")[2])
    with world.app.app_context(), transaction(db.session) as session:
        found = list(session.scalars(select(Attachment).where(Attachment.claim_id == claim_id)))
        session.expunge_all()
        return found


def test_a_photo_is_kept_and_shown_without_what_the_camera_noted(world: World, as_: As) -> None:
    client, content, said = as_("distributor"), photo("PHOTO/1"), b"52.13 N 21.00 E"
    content = content[:2] + b"\xff\xfe" + (len(said) + 2).to_bytes(2, "big") + said + content[2:]
    assert CAMERA.encode() in content
    answer = attach(client, world, content, "phone/IMG_1.jpg")
    assert answer.status_code == 303
    (kept,) = attachments(world, answer.location)
    assert (kept.media_type, kept.pages, kept.file_name) == ("image/jpeg", 1, "IMG_1.jpg")
    assert kept.picture_look is not None
    assert "IMG_1.jpg" in client.get(answer.location).text
    shown = client.get(f"{answer.location}/proofs/{kept.id}/1")
    assert shown.mimetype == "image/jpeg"
    assert CAMERA.encode() not in shown.data
    assert said not in shown.data, "a comment is a note as well"
    assert not Image.open(io.BytesIO(shown.data)).getexif()
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    policy = shown.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "style-src 'unsafe-inline'" in policy, "a browser shows a picture by itself with styles of its own"
    assert "script-src" not in policy
    assert shown.headers["Cache-Control"] == "no-store"
    small = client.get(f"{answer.location}/proofs/{kept.id}/1?small=1")
    assert max(Image.open(io.BytesIO(small.data)).size) == 240
    assert client.get(f"{answer.location}/proofs/{kept.id}/2").status_code == 404
    # nobody else's
    assert as_("rep").get(f"{answer.location}/proofs/{kept.id}/1").status_code == 404
    assert as_("other").get(f"{answer.location}/proofs/{kept.id}/1").status_code == 404
    # the same file twice is one proof; removed, its file is gone as well
    page = client.get(answer.location).text
    again = {"csrf_token": token(page), "action": "attach", "files": (io.BytesIO(content), "again.jpg")}
    assert client.post(answer.location, data=again).status_code == 303
    assert len(attachments(world, answer.location)) == 1
    folder = world.settings.files / "proofs" / kept.file_sha256.hex()[:2] / kept.file_sha256.hex()
    assert (folder / "original").read_bytes() == content
    client.post(answer.location, data={"csrf_token": token(page), "action": f"detach-{kept.id}"})
    assert attachments(world, answer.location) == []
    assert not list(folder.glob("*"))


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_what_a_photo_is_its_bytes_tell(world: World, as_: As, form: str) -> None:
    answer = attach(as_("distributor"), world, photo("F", form), "photo.jpg")
    (kept,) = attachments(world, answer.location)
    assert kept.media_type == f"image/{form.lower()}"


def test_a_photo_of_an_iphone_is_taken_and_shown(world: World, as_: As) -> None:
    client = as_("distributor")
    answer = attach(client, world, HEIC, "IMG_2.HEIC")
    (kept,) = attachments(world, answer.location)
    assert (kept.media_type, kept.pages) == ("image/heic", 1)
    shown = client.get(f"{answer.location}/proofs/{kept.id}/1")
    assert Image.open(io.BytesIO(shown.data)).size == (64, 48)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.jpg", b"", "there is nothing in it"),
        ("page.html", b"MZ\x90\x00 program", "this is neither a photo"),
        ("script.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "is no e-invoice"),
        ("bomb.xml", b'<!DOCTYPE a [<!ENTITY b "b">]><a>&b;</a>', "bomb.xml:"),
        ("torn.jpg", b"\xff\xd8\xff" + b"\0" * 500, "it is broken"),
        ("torn.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 500, "it is broken"),
        ("torn.webp", b"RIFF\0\0\0\0WEBP" + b"\0" * 500, "it is broken"),
        ("torn.heic", b"\0\0\0\x18ftypheic" + b"\0" * 500, "it is broken"),
        ("torn.pdf", b"%PDF-1.7\nnothing", "it is broken"),
        ("bomb.png", bomb(), "more than 120 million pixels"),
        ("book.pdf", pages(31), "more than 30 pages"),
    ],
)
def test_what_cannot_be_a_proof_is_refused_in_words_and_the_page_goes_on(
    world: World, as_: As, name: str, content: bytes, said: str
) -> None:
    client, begun = as_("distributor"), time.monotonic()
    answer = attach(client, world, content, name)
    assert answer.status_code == 400
    assert said in answer.text
    assert name in answer.text
    assert time.monotonic() - begun < 20
    assert client.get(portal(world, "new")).status_code == 200


def test_an_e_invoice_of_ksef_fills_everything_in_and_its_numbers_stay(world: World, as_: As) -> None:
    client = as_("distributor")
    items = [Item("Bohrer", "2", "125.00", code="P1"), Item("Strange thing", "1", "10.00")]
    xml = fa(items, number="KSEF/1", issued_on="2026-08-19")
    answer = attach(client, world, xml, "ksef.xml")
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert "Of 2 lines, 1 are products of the programme" in page
    for text in ('value="KSEF/1"', 'value="2026-08-19"', "Product P1", "Strange thing", 'value="250.00"', "readonly"):
        assert text in page, text
    with world.app.app_context(), transaction(db.session) as session:
        claim = session.scalars(select(Claim).where(Claim.key == key_of(page))).one()
        lines = claim.content["lines"]
    # somebody makes more of it than the file says, and leaves the strange line out
    data = typed(page, "OTHER/9", ("Product P1", "200", "25000.00")) | {
        "lines-0-product_id": str(lines[0]["product_id"]),
        "lines-0-position": "1",
    }
    answer = client.post(answer.location, data=data)
    assert answer.status_code == 303, answer.text
    check = client.get(answer.location).text
    assert "KSEF/1" in check
    assert "250.00" in check
    assert "25,000" not in check


def test_whoever_decides_an_invoice_of_ksef_asks_there_with_one_click(world: World, as_: As) -> None:
    client = as_("distributor")
    begins = "5265877635-20260819-0100001AF629"
    number = f"{begins}-{ksef.checksum(begins)}"
    xml = fa([Item("Bohrer", "2", "125.00", code="P1")], number="KSEF/2", issued_on="2026-08-19")
    link = ksef.link_to(read(xml, "i.xml"))
    answer = attach(client, world, xml, f"{number}.xml", ksef_link=link)
    page = client.get(answer.location).text
    assert f'value="{number}"' in page, "the file is called by it"
    assert f'value="{link}"' in page, "a file does not say what was typed of its code"
    sent = client.post(f"{answer.location}/send", data={"csrf_token": token(page)})
    assert sent.status_code == 303, sent.text
    document_id = sent.location.rpartition("/")[2]
    told = as_("verifier").get(f"/programs/{world.a}/review/{document_id}").text
    assert number in told
    assert f'href="{link}"' in told
    assert "Ask KSeF for it" not in client.get(sent.location).text


def test_a_pdf_with_an_invoice_inside_fills_in_as_well_and_is_seen_by_whoever_decides(world: World, as_: As) -> None:
    client = as_("distributor")
    pdf = pdf_with(cii([Item("Bohrer", "1", "300.00", code="P1")], number="FX/1").replace(b"EUR", b"PLN"))
    answer = attach(client, world, pdf, "factur-x.pdf")
    page = client.get(answer.location).text
    assert 'value="FX/1"' in page
    (kept,) = attachments(world, answer.location)
    assert (kept.media_type, kept.pages) == ("application/pdf", 1)
    assert kept.picture_look is not None, "an empty page is no text"
    sent = client.post(f"{answer.location}/send", data={"csrf_token": token(page)})
    assert sent.status_code == 303, sent.text
    proof = f"{sent.location}/proofs/{kept.id}"
    verifier = as_("verifier")
    assert verifier.get(f"{proof}/1").mimetype == "image/jpeg"
    whole = verifier.get(f"{proof}/file", buffered=True)
    assert whole.data == pdf
    assert whole.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in whole.headers["Content-Security-Policy"]
    assert as_("other").get(f"{proof}/1").status_code == 404
    assert as_("stranger").get(f"{proof}/file").status_code == 404


def test_a_photo_is_never_given_out_as_it_came(world: World, as_: As) -> None:
    client = as_("distributor")
    data = {"number": "CAMERA/1", "issued_on": "2026-05-05", "lines-0-product": "P1", "lines-0-quantity": "1"}
    answer = attach(client, world, photo("CAMERA/1"), "photo.jpg", **data, **{"lines-0-net": "90.00"})
    page = client.get(answer.location).text
    (kept,) = attachments(world, answer.location)
    sent = client.post(f"{answer.location}/send", data={"csrf_token": token(page)})
    assert sent.status_code == 303
    assert client.get(f"{sent.location}/proofs/{kept.id}/1").status_code == 200
    assert client.get(f"{sent.location}/proofs/{kept.id}/file").status_code == 404


def test_what_the_text_of_a_pdf_says_is_proposed_and_marked_until_somebody_looked(world: World, as_: As) -> None:
    client = as_("distributor")
    pdf = written("Faktura nr TXT/7", "Data wystawienia: 2026-05-06", "Wiertarka 1 szt. 100,00")
    answer = attach(client, world, pdf, "text.pdf")
    (kept,) = attachments(world, answer.location)
    assert kept.picture_look is None, "what a program prints looks like all that it prints"
    page = client.get(answer.location).text
    assert page.count("Read from the text of the file") == 2
    assert 'value="TXT/7"' in page
    assert 'value="2026-05-06"' in page
    data = typed(page, "TXT/7", ("P1", "1", "100.00")) | {"issued_on": "2026-05-06", "action": "save"}
    assert client.post(answer.location, data=data).status_code == 303
    assert "Read from the text of the file" not in client.get(answer.location).text


def test_a_number_that_was_typed_before_its_pdf_came_is_held_against_it(world: World, as_: As) -> None:
    client = as_("distributor")
    pdf = written("Faktura nr RD/80", "Data wystawienia: 2026-05-06", "Wiertarka 1 szt. 100,00")
    answer = attach(client, world, pdf, "read.pdf", number="rd-81", issued_on="2026-05-06")
    (kept,) = attachments(world, answer.location)
    assert (kept.read_number, kept.read_issued_on) == ("RD/80", dt.date(2026, 5, 6))
    page = client.get(answer.location).text
    assert 'value="rd-81"' in page, "what somebody typed stays"
    assert "Read from the text of the file" not in page


def test_a_number_that_is_edited_after_it_was_read_is_looked_at(world: World, as_: As) -> None:
    client = as_("distributor")
    pdf = written("Faktura nr RD/70", "Data wystawienia: 2026-05-06", "Wiertarka 1 szt. 100,00")
    answer = attach(client, world, pdf, "read.pdf")
    (kept,) = attachments(world, answer.location)
    assert (kept.read_number, kept.read_issued_on) == ("RD/70", dt.date(2026, 5, 6))
    data = typed(client.get(answer.location).text, "rd-71", ("P1", "1", "70.00")) | {"issued_on": "2026-05-06"}
    check = client.get(client.post(answer.location, data=data).location)
    assert client.post(f"{answer.location}/send", data={"csrf_token": token(check.text)}).status_code == 303
    with world.app.app_context(), transaction(db.session) as session:
        document = session.scalars(select(SalesDocument).where(SalesDocument.number == "rd-71")).one()
        assert document.status is DocumentStatus.REVIEW
        assert {
            "code": "altered_reading",
            "severity": "review",
            "found": "RD/70",
            "expected": "rd-71",
        } in document.reasons
