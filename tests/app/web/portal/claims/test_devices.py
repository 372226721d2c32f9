"""Devices that claims come from, and what PDFs say of themselves: kept with the claim for the checks."""

import io
from collections.abc import Callable

from flask.testing import FlaskClient
from pypdfium2 import PdfDocument
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import select

from app.db.transaction import transaction
from app.extensions import db
from app.models.claims import Attachment, Claim
from tests.app.web.portal.claims.test_claims import portal, token, typed
from tests.app.web.world import World

As = Callable[[str], FlaskClient]


def pdf() -> bytes:
    made = io.BytesIO()
    canvas = Canvas(made)
    canvas.setProducer("Writer\x07 5")
    canvas.drawString(100, 700, "Invoice DEVICE/1, so long that it is a text")
    canvas.save()
    assert len(PdfDocument(made.getvalue())) == 1
    return made.getvalue()


def sent(world: World, client: FlaskClient, number: str) -> Claim:
    """Register an invoice with a PDF, and give its claim."""
    page = client.get(portal(world, "new")).text
    data = typed(page, number, ("P1", "1", "70.00")) | {"files": (io.BytesIO(pdf()), "a.pdf")}
    draft = client.post(portal(world, "new"), data=data).location
    check = client.get(draft if draft.endswith("/check") else f"{draft}/check")
    client.post(f"{draft.removesuffix('/check')}/send", data={"csrf_token": token(check.text)})
    with world.app.app_context(), transaction(db.session) as session:
        claim = session.scalars(select(Claim).where(Claim.content["number"].astext == number)).one()
        said = session.scalars(select(Attachment).where(Attachment.claim_id == claim.id)).one()
        assert said.pdf_made_at is not None
        assert (said.pdf_changed_at, said.pdf_maker) == (said.pdf_made_at, "Writer 5")
        session.expunge_all()
    return claim


def test_a_device_is_known_again_and_an_assistants_tells_nothing(world: World, as_: As) -> None:
    client = as_("distributor")
    first, second = sent(world, client, "DEVICE/1"), sent(world, client, "DEVICE/2")
    assert first.device_sha256 is not None
    assert first.device_sha256 == second.device_sha256
    assert sent(world, as_("rep"), "DEVICE/3").device_sha256 not in (None, first.device_sha256)
    assert sent(world, as_("assistant"), "DEVICE/4").device_sha256 is None
