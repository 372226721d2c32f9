"""Proofs of a document, for whoever sees it: the pictures of their pages, and the files that are no photos."""

from typing import Any

from flask import Blueprint, abort, request, send_file
from werkzeug.wrappers import Response

from app.models.claims import Attachment
from app.web.access.security import keep_bare
from app.web.context import session, settings
from verification.claiming import pages, proofs

bp = Blueprint("proofs", __name__)


@bp.get("/programs/<code:program_code>/documents/<id:document_id>/proofs/<id:proof_id>/<id:page>")
def page(program_code: str, document_id: int, proof_id: int, page: int) -> Response:
    return picture_of(_of_document(document_id, proof_id), page)


@bp.get("/programs/<code:program_code>/documents/<id:document_id>/proofs/<id:proof_id>/file")
def file(program_code: str, document_id: int, proof_id: int) -> Response:
    """Give a PDF or an e-invoice as it came. A photo is not: it says where it was taken."""
    proof = _of_document(document_id, proof_id)
    if proof is None or proof.media_type in proofs.PICTURES:
        abort(404)
    path = proofs.original(settings().files, proof)
    return keep_bare(send_file(path, mimetype=proof.media_type, as_attachment=True, download_name=proof.file_name))


def picture_of(proof: Attachment | None, page: int) -> Response:
    """Give the picture of a page, small where a list asks for it."""
    if proof is None:
        abort(404)
    try:
        path = proofs.picture(settings(), proof, page, small="small" in request.args)
    except (LookupError, pages.Unshowable):
        abort(404)
    return keep_bare(Response(path.read_bytes(), mimetype="image/jpeg"))


def _of_document(document_id: int, proof_id: int) -> Any:
    return next((one for one in proofs.of_document(session(), document_id) if one.id == proof_id), None)
