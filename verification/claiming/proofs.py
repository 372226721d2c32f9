"""Proofs of a claim: photos, PDFs and e-invoices, kept by their hash and shown as pictures of their pages.

What a file is told by is its bytes. A photo is never given out as it came: it says where it was taken; what is shown is
drawn anew from its pixels.
"""

import datetime as dt
import hashlib
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from app.config import Settings
from app.db.locks import lock_name
from app.domain.typed.card_numbers import without_issued_numbers
from app.domain.typed.pdf_dates import pdf_moment
from app.files import keep_content
from app.models.claims import Attachment, Claim
from app.models.sales import SalesDocument
from verification.claiming import pages
from verification.einvoices.invoice import EInvoice, EInvoiceRefused, NotAnEInvoice, Reason
from verification.einvoices.kinds import is_xml
from verification.einvoices.reading import read
from verification.einvoices.signed import is_signed

JPEG, PNG, WEBP, HEIC = "image/jpeg", "image/png", "image/webp", "image/heic"
PDF, XML = "application/pdf", "application/xml"
SIGNED = "application/pkcs7-mime"
"""An e-invoice in a signed envelope."""
PICTURES = frozenset({JPEG, PNG, WEBP, HEIC})

ACCEPTED = ".jpg,.jpeg,.png,.webp,.heic,.heif,.pdf,.xml,.p7m,.xsig,image/*,application/pdf"
"""What a browser offers to choose; what comes is told by its bytes."""

WIDEST = 1_600
"""Pixels of a page as it is read."""
SMALL = 240
"""Pixels of a page in a list."""

_HEIF = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_LONGEST_NAME = 200


class ProofRefused(ValueError):
    """A file cannot be a proof; ``code`` and ``values`` say why, ``problems`` what is wrong with an e-invoice."""

    def __init__(self, code: str, problems: Sequence[Reason] = (), **values: object) -> None:
        """Take the code: empty, too_heavy, too_many, unknown_kind, no_einvoice, bad_einvoice, or of `Unshowable`."""
        super().__init__(code)
        self.code, self.problems, self.values = code, problems, values


@dataclass(frozen=True)
class Taken:
    """A proof that was taken in, with the e-invoice that it is or carries, and the text of a PDF or a photo."""

    attachment: Attachment
    invoice: EInvoice | None
    text: str


def told_by(content: bytes) -> str | None:
    """Tell what a file is by how it begins; None: nothing that can be a proof."""
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return WEBP
    if content[4:8] == b"ftyp" and content[8:12] in _HEIF:
        return HEIC
    if content.lstrip()[:5] == b"%PDF-":
        return PDF
    if is_signed(content):
        return SIGNED
    if is_xml(content):
        return XML
    return None


def take(
    session: Session,
    settings: Settings,
    of: Claim | SalesDocument,
    content: bytes,
    file_name: str,
    *,
    actor: str,
    now: dt.datetime,
) -> Taken:
    """Take a file in as a proof of a draft, or of a document with an answer; the same file twice is one proof.

    What it is of is locked; the caller commits.

    Raises:
        ProofRefused: It cannot be one.
    """
    if not content:
        raise ProofRefused("empty")
    if len(content) > settings.max_proof_mb << 20:
        raise ProofRefused("too_heavy", most=settings.max_proof_mb)
    media_type = told_by(content)
    if media_type is None:
        raise ProofRefused("unknown_kind")
    digest = hashlib.sha256(content).digest()
    mine = {"claim_id": of.id} if isinstance(of, Claim) else {"document_id": of.id}
    its = and_(*(getattr(Attachment, name) == id_ for name, id_ in mine.items()))
    known = session.scalars(select(Attachment).where(its, Attachment.file_sha256 == digest).limit(1)).one_or_none()
    last, many = session.execute(select(func.coalesce(func.max(Attachment.place), 0), func.count()).where(its)).one()
    if known is None and many >= settings.max_proofs:
        raise ProofRefused("too_many", most=settings.max_proofs)
    invoice = _invoice(content, file_name, media_type, settings)
    looked = _look(content, media_type, settings)
    if known is not None:
        return Taken(known, invoice, looked.text)
    lock_name(session, _name(digest))  # nobody removes the file while it becomes ours
    _keep(settings.files, digest, content)
    attachment = Attachment(
        program_id=of.program_id,
        **mine,
        place=last + 1,
        file_name=_printable(file_name),
        media_type=media_type,
        file_sha256=digest,
        file_bytes=len(content),
        picture_look=looked.look,
        pages=looked.pages,
        pdf_maker=looked.maker or None,
        pdf_made_at=pdf_moment(looked.made),
        pdf_changed_at=pdf_moment(looked.changed),
        added_by=actor,
        added_at=now,
    )
    session.add(attachment)
    session.flush()
    return Taken(attachment, invoice, looked.text)


def of_claim(session: Session, claim_id: int) -> Sequence[Attachment]:
    """Give the proofs of a claim, in their order."""
    return session.scalars(select(Attachment).where(Attachment.claim_id == claim_id).order_by(Attachment.place)).all()


def of_draft(session: Session, claim_id: int, proof_id: int) -> Attachment | None:
    """Give one proof of a claim."""
    found = select(Attachment).where(Attachment.claim_id == claim_id, Attachment.id == proof_id)
    return session.scalars(found).one_or_none()


def of_document(session: Session, document_id: int) -> Sequence[Attachment]:
    """Give the proofs of a document, in their order."""
    found = select(Attachment).where(Attachment.document_id == document_id).order_by(Attachment.place, Attachment.id)
    return session.scalars(found).all()


def remove(session: Session, attachment: Attachment) -> None:
    """Take a proof of a draft away. The caller commits, then lets `forget` look at its file."""
    session.delete(attachment)


def forget(session: Session, files: Path, digests: Iterable[bytes]) -> None:
    """Remove the files that no proof is any more; what was removed before is committed. The caller commits."""
    for digest in sorted(set(digests)):
        lock_name(session, _name(digest))
        if session.scalars(select(Attachment.id).where(Attachment.file_sha256 == digest).limit(1)).first() is None:
            for path in sorted(_folder(files, digest).glob("*")):
                path.unlink(missing_ok=True)


def original(files: Path, attachment: Attachment) -> Path:
    """Give the place of the file as it came. A photo is not given out so: see `picture`."""
    return _folder(files, attachment.file_sha256) / "original"


def picture(settings: Settings, attachment: Attachment, page: int, *, small: bool = False) -> Path:
    """Give the place of the picture of a page, counted from 1; it is drawn when it is first asked for.

    Raises:
        LookupError: The proof has no such page.
        pages.Unshowable: It cannot be shown.
    """
    if not 1 <= page <= attachment.pages:
        raise LookupError(page)
    folder = _folder(settings.files, attachment.file_sha256)
    path = folder / f"page-{page}{'-small' if small else ''}.jpg"
    if not path.exists():
        widest = SMALL if small else WIDEST
        keep_content(path, pages.draw(folder / "original", attachment.media_type, page, widest, settings))
    return path


def _look(content: bytes, media_type: str, settings: Settings) -> pages.Looked:
    """Look at a file before it is kept: what cannot be shown leaves nothing behind."""
    if media_type in (XML, SIGNED):
        return pages.Looked(0, None, "")
    with tempfile.NamedTemporaryFile(prefix="kontor-proof-") as file:
        file.write(content)
        file.flush()
        try:
            looked = pages.look(Path(file.name), media_type, settings)
            if looked.look is None:
                return looked  # a program wrote it: it has a text of its own
            return replace(looked, text=pages.read(Path(file.name), media_type, settings) or looked.text)
        except pages.Unshowable as why:
            raise ProofRefused(why.code, pages=settings.max_proof_pages, pixels=settings.max_proof_megapixels) from None


def _invoice(content: bytes, file_name: str, media_type: str, settings: Settings) -> EInvoice | None:
    """Read the e-invoice that a file is or carries; XML that is none is no proof, a PDF without one is a PDF."""
    if media_type not in (XML, SIGNED, PDF):
        return None
    try:
        return read(content, file_name, settings.e_invoice_schemas)
    except NotAnEInvoice:
        if media_type != PDF:
            raise ProofRefused("no_einvoice") from None
        return None
    except EInvoiceRefused as refused:
        raise ProofRefused("bad_einvoice", refused.problems) from None


def _keep(files: Path, digest: bytes, content: bytes) -> None:
    path = _folder(files, digest) / "original"
    if not path.exists():
        keep_content(path, content)


def _folder(files: Path, digest: bytes) -> Path:
    """Give where a file lies: nothing that anybody wrote is part of the path."""
    return files.joinpath("proofs", digest.hex()[:2], digest.hex())


def _name(digest: bytes) -> str:
    return f"proof {digest.hex()}"


def _printable(file_name: str) -> str:
    name = file_name.replace("\\", "/").rpartition("/")[2]
    return without_issued_numbers("".join(letter for letter in name if letter.isprintable()))[-_LONGEST_NAME:] or "–"
