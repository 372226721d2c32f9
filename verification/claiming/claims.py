"""Invoices that distributors register: kept as drafts, told what they would earn, and sent to the gate exactly once.

A claim has a key that is made where it is typed. Whatever comes twice under one key, because a button was pressed twice
or a phone lost its network on the way, is one claim, and its invoice goes to the gate once.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import sqlalchemy as sa
from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.domain.documents.numbering import number_key
from app.domain.measures.calendar import local_date
from app.domain.program_file.registration import tax_id_key
from app.domain.rules.explain import PLAIN, Teller
from app.domain.rules.program_rules import ProgramRules
from app.domain.states import COUNTING, ClaimState, ClaimWay, DocumentKind
from app.domain.typed.codes import code_key
from app.models.catalogue import Product
from app.models.claims import Attachment, Claim
from app.models.distributors import Distributor
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.services.imported import aliases
from app.services.imported.aliases import Names
from app.services.ledger.accounts import lock_wallets
from app.services.persons.rosters import with_people
from app.services.rulebooks import rules_of
from app.services.same_person import is_same
from app.services.tracing.explanations import LineExplained
from app.services.tracing.previews import preview
from verification.checks.facts import Pdfs, Proofs, Readings
from verification.claiming import filling, serials
from verification.claiming.claimed import (
    Claimant,
    ClaimedInvoice,
    ClaimedLine,
    Problem,
    Window,
    incoming,
    key_of,
    problems_of,
)
from verification.claiming.filling import Filled
from verification.claiming.proposing import proposed, sure
from verification.claiming.refusals import refusals_of
from verification.claiming.sellers import Sellers
from verification.einvoices.invoice import EInvoice
from verification.einvoices.matching import match_lines
from verification.gate import admit
from verification.incoming import Source

LONGEST_KEY = 64
SUGGESTED = 8
"""Products that are proposed while somebody types."""
SHORTEST = 2
_AMONG = 4


class ClaimError(Exception):
    """What was asked for cannot be done with this claim."""


class NoSuchClaim(ClaimError):
    """There is none, or it is somebody else's."""


class ClaimIsSent(ClaimError):
    """It is sent: its document says the rest."""

    def __init__(self, claim_id: int, document_id: int) -> None:
        """Say which document it became."""
        super().__init__(f"claim {claim_id} is document {document_id} already")
        self.claim_id, self.document_id = claim_id, document_id


class NotReady(ClaimError):
    """Something of it is missing or wrong."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Say what."""
        super().__init__(", ".join(one.code for one in problems))
        self.problems = problems


@dataclass(frozen=True)
class Suggestion:
    """A product that may be meant."""

    id: int
    code: str
    name: str


def keep(
    session: Session,
    program: Program,
    distributor_id: int,
    key: str,
    invoice: ClaimedInvoice,
    *,
    way: ClaimWay = ClaimWay.TYPED,
    person: str | None,
    actor: str,
    now: dt.datetime,
) -> Claim:
    """Keep what was typed under a key: a new draft, or the one that is there. Gives it locked. The caller commits.

    Raises:
        ClaimIsSent: It was sent meanwhile; nothing is changed.
        NoSuchClaim: Somebody else's claim has this key.
    """
    session.execute(
        insert(Claim)
        .values(
            program_id=program.id,
            distributor_id=distributor_id,
            key=key[:LONGEST_KEY],
            state=ClaimState.DRAFT,
            way=way,
            content=invoice.kept(),
            author=actor,
            person=person,
            created_at=now,
            changed_at=now,
        )
        .on_conflict_do_nothing(index_elements=[Claim.distributor_id, Claim.key])
    )
    claim = session.scalars(
        select(Claim)
        .where(Claim.distributor_id == distributor_id, Claim.key == key[:LONGEST_KEY])
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if not is_same(session, actor, claim.author) or claim.program_id != program.id:
        raise NoSuchClaim(key)
    change(claim, invoice, person=person, now=now)
    return claim


def held(session: Session, claim_id: int) -> Claim:
    """Give a claim, locked until the transaction ends."""
    return session.scalars(
        select(Claim).where(Claim.id == claim_id).with_for_update().execution_options(populate_existing=True)
    ).one()


def held_to_send(session: Session, program: Program, claim_id: int) -> Claim:
    """Give a claim, locked until the transaction ends behind all that sending it locks.

    Its units come first, as in all decisions about documents; then the wallets of whose it is, as a merge has them that
    hands claims over; then the claim.
    """
    seen = session.get_one(Claim, claim_id)
    invoice = invoice_of(seen)
    if any(line.serials for line in invoice.lines):
        serials.lock(session, _with_products(session, program.id, seen.distributor_id, invoice)[0])
    lock_wallets(session, with_people(session, np.asarray([seen.distributor_id], dtype=np.int64)))
    return held(session, claim_id)


def change(claim: Claim, invoice: ClaimedInvoice, *, person: str | None, now: dt.datetime) -> None:
    """Replace what a draft says. ``claim`` is locked; the caller commits.

    Raises:
        ClaimIsSent: It was sent meanwhile.
    """
    if claim.state is ClaimState.SENT:
        assert claim.document_id is not None, "what is sent has a document"
        raise ClaimIsSent(claim.id, claim.document_id)
    claim.content, claim.person, claim.changed_at = invoice.kept(), person, now


def fill(session: Session, program: Program, claim: Claim, said: EInvoice) -> Filled:
    """Write what an e-invoice says into a draft, in the place of what was typed. The caller commits.

    ``claim`` is locked. Lines whose product is not known stand there by the name that the invoice gives them. What was
    typed of KSeF stays: a file does not say it.
    """
    if (why := filling.refusal(said, program)) is not None:
        return Filled(why=why)
    tax_id = session.scalars(select(Distributor.tax_id).where(Distributor.id == claim.distributor_id)).one()
    matched = match_lines(session, program.id, said.lines, distributor_id=claim.distributor_id)
    typed, invoice = invoice_of(claim), filling.claimed(said, matched, tax_id)
    invoice = replace(
        invoice, ksef_number=invoice.ksef_number or typed.ksef_number, ksef_link=invoice.ksef_link or typed.ksef_link
    )
    change(claim, invoice, person=claim.person, now=claim.changed_at)
    claim.way = ClaimWay.E_INVOICE
    known = sum(line.product_id is not None for line in invoice.lines)
    return Filled(len(invoice.lines), known, len(matched) - len(invoice.lines))


def propose(claim: Claim, proof: Attachment, text: str) -> bool:
    """Write into a draft what the text of a proof says of fields that are empty, marked as proposals.

    What of it is sure is kept with the proof, whether the field was empty or not: it is held against what is sent.
    Says whether there was anything to write. ``claim`` is locked; the caller commits.
    """
    invoice, read = invoice_of(claim), proposed(text)
    if invoice.from_a_file:
        return False
    for name in sure(text):
        setattr(proof, f"read_{name}", getattr(read, name))
    found = {name: getattr(read, name) for name in read.proposed if not getattr(invoice, name)}
    if found:
        claim.content = replace(invoice, proposed=tuple(found), **found).kept()
        claim.way = ClaimWay.READ
    return bool(found)


def put_away(session: Session, claim: Claim) -> None:
    """Forget a draft with its proofs. ``claim`` is locked; the caller commits.

    Raises:
        ClaimIsSent: It was sent meanwhile.
    """
    if claim.state is ClaimState.SENT:
        assert claim.document_id is not None, "what is sent has a document"
        raise ClaimIsSent(claim.id, claim.document_id)
    session.delete(claim)


def invoice_of(claim: Claim) -> ClaimedInvoice:
    """Give what a claim says."""
    return ClaimedInvoice.of(claim.content)


def judge(
    session: Session, program: Program, distributor_id: int, invoice: ClaimedInvoice, *, now: dt.datetime
) -> tuple[ClaimedInvoice, list[Problem]]:
    """Find the products that an invoice names, and say what keeps it from being sent."""
    rules = rules_of(session, program.id)
    known, unclear = _with_products(session, program.id, distributor_id, invoice)
    claimant = _claimant(session, distributor_id, None)
    sellers = _sellers(rules, program, claimant)
    found = problems_of(known, _window(rules, program, now), sellers, gross=rules.book.gross) + unclear
    found += serials.problems(session, program.id, known)
    has_key = not any(one.field in ("number", "issued_on") for one in found)
    if has_key and _here(session, program.id, key_of(known, claimant)) is not None:
        found.append(Problem("number", "here_already"))
    return known, found


def would_earn(
    session: Session, program: Program, claim: Claim, invoice: ClaimedInvoice, teller: Teller = PLAIN
) -> list[LineExplained]:
    """Explain line by line what an invoice would earn that has no problems: by the rules, with nothing stored."""
    sales = incoming(invoice, _claimant(session, claim.distributor_id, claim.person)).sales
    return preview(session, program, rules_of(session, program.id), sales, teller)


def send(
    session: Session, program: Program, claim: Claim, *, actor: str, now: dt.datetime, device: bytes | None = None
) -> int:
    """Send a draft to the gate, and give the document it became; of one that is sent, the document it is.

    ``claim`` is locked (`held_to_send`); ``device`` is the hash of the device it comes from, where that tells anything.
    The caller commits.

    Raises:
        NotReady: Something of it is missing or wrong, or the invoice is here already.
        sqlalchemy.exc.IntegrityError: The same invoice came from elsewhere at this moment; roll back and try again.
    """
    if claim.document_id is not None:
        return claim.document_id
    invoice, problems = judge(session, program, claim.distributor_id, invoice_of(claim), now=now)
    if problems:
        raise NotReady(problems)
    rules = rules_of(session, program.id)
    if any(line.serials for line in invoice.lines):
        serials.lock(session, invoice)
        twice = list(serials.problems(session, program.id, invoice))  # who was before has committed
        if twice:
            raise NotReady(twice)
    document = incoming(invoice, _claimant(session, claim.distributor_id, claim.person))
    files = _files(session, claim)
    document = replace(document, proofs=_proofs(files), pdfs=_pdfs(files), device=_texts(device))
    if not invoice.from_a_file:  # nobody can edit what an e-invoice says
        document = replace(document, readings=_readings(files, invoice))
    refused = refusals_of(session, program.id, document)
    if any(one.binds for one in refused):
        raise NotReady([Problem("number", "refused_before")])
    policy = rules.settings.verification.portal
    source = Source(name="portal", policy=policy, may_correct=False, actor=actor, again=bool(refused))
    admission = admit(session, rules, document, source, now=now)
    if not admission.status[0]:
        here = _here(session, program.id, key_of(invoice, _claimant(session, claim.distributor_id, None))) is not None
        raise NotReady([Problem("number", "here_already" if here else "refused_before")])
    document_id = int(admission.ids[0])
    serials.store(session, document_id, invoice)
    claim.content, claim.changed_at, claim.sent_at = invoice.kept(), now, now
    claim.state, claim.document_id, claim.device_sha256 = ClaimState.SENT, document_id, device
    session.execute(sa.update(Attachment).where(Attachment.claim_id == claim.id).values(document_id=document_id))
    session.flush()
    return document_id


def _files(session: Session, claim: Claim) -> Sequence[Attachment]:
    return session.scalars(select(Attachment).where(Attachment.claim_id == claim.id).order_by(Attachment.place)).all()


def _proofs(files: Sequence[Attachment]) -> Proofs:
    """Give the proofs of a claim as the gate's checks look at them."""
    # pages that one program wrote look alike, whatever they say: only photos are told by their look
    looks = [one.picture_look if one.media_type.startswith("image/") else None for one in files]
    return Proofs(
        document=np.zeros(len(files), dtype=np.int64),
        file=_texts(*(one.file_sha256 for one in files)),
        look=np.asarray([look or 0 for look in looks], dtype=np.int64),
        has_look=np.asarray([look is not None for look in looks], dtype=bool),
    )


def _pdfs(files: Sequence[Attachment]) -> Pdfs:
    """Give what the PDFs among the proofs say of themselves."""
    said = [one for one in files if one.pdf_made_at is not None or one.pdf_changed_at is not None]
    return Pdfs(
        document=np.zeros(len(said), dtype=np.int64),
        maker=_texts(*(one.pdf_maker for one in said)),
        made_at=_moments([one.pdf_made_at for one in said]),
        changed_at=_moments([one.pdf_changed_at for one in said]),
    )


def _readings(files: Sequence[Attachment], invoice: ClaimedInvoice) -> Readings:
    """Give what was read of the proofs; numbers are normalised in the year that was sent, as the number sent is."""
    assert invoice.issued_on is not None, "what has no date is not sent"
    read = [one for one in files if one.read_number is not None or one.read_issued_on is not None]
    year = invoice.issued_on.year
    return Readings(
        document=np.zeros(len(read), dtype=np.int64),
        number=_texts(*(one.read_number for one in read)),
        number_key=_texts(*(None if one.read_number is None else number_key(one.read_number, year) for one in read)),
        issued_on=np.asarray([one.read_issued_on for one in read], dtype="datetime64[D]"),
        printed=np.asarray([one.picture_look is None for one in read], dtype=bool),
    )


def _moments(given: Sequence[dt.datetime | None]) -> np.ndarray:
    """Lay moments out as columns hold them: UTC, and NaT where there is none."""
    naive = [None if one is None else one.astimezone(dt.UTC).replace(tzinfo=None) for one in given]
    return np.asarray(naive, dtype="datetime64[s]")


def _texts(*values: object) -> np.ndarray:
    return np.asarray([*values, None], dtype=object)[:-1]


def own_document(session: Session, program: Program, claim: Claim) -> int | None:
    """Find the document of this distributor that keeps a claim from being sent; another distributor's is not told."""
    invoice = invoice_of(claim)
    if not invoice.number or invoice.issued_on is None:
        return None
    found = _here(session, program.id, key_of(invoice, _claimant(session, claim.distributor_id, None)))
    return found[0] if found is not None and found[1] == claim.distributor_id else None


def resembling(session: Session, program: Program, claim: Claim, invoice: ClaimedInvoice) -> int | None:
    """Find the distributor's own document with the number, day and sum of an invoice that has no problems.

    It has another seller, or names none: with the same one it would be this document. The gate has somebody look.
    """
    assert invoice.issued_on is not None, "what has no date has problems"
    return session.scalar(
        select(func.min(SalesDocument.id)).where(
            SalesDocument.program_id == program.id,
            SalesDocument.number_key == number_key(invoice.number, invoice.issued_on.year),
            SalesDocument.distributor_id == claim.distributor_id,
            SalesDocument.kind == DocumentKind.INVOICE,
            SalesDocument.issued_on == invoice.issued_on,
            SalesDocument.net_minor == invoice.net_minor,
            SalesDocument.status.in_(COUNTING),
        )
    )


def suggest(session: Session, program_id: int, typed: str) -> list[Suggestion]:
    """Find products by a part of their name, by the beginning of their code, or by their EAN; the likeliest first."""
    text = typed.strip()
    if len(text) < SHORTEST:
        return []
    pattern = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    words = [f"%{word}%" for word in pattern.split()]
    begins = Product.code.ilike(f"{pattern}%")
    rows = session.execute(
        select(Product.id, Product.code, Product.name)
        .where(
            Product.program_id == program_id,
            or_(sa.and_(*(Product.name.ilike(word) for word in words)), begins, Product.ean == text),
        )
        .order_by(sa.case((begins, 0), (Product.name.ilike(f"{pattern}%"), 1), else_=2), Product.sort_key, Product.id)
        .limit(SUGGESTED)
    )
    return [Suggestion(*row) for row in rows]


def products(session: Session, program_id: int, ids: Sequence[int]) -> list[Suggestion]:
    """Give products of a programme by id; what it does not have is left out."""
    rows = session.execute(
        select(Product.id, Product.code, Product.name).where(Product.program_id == program_id, Product.id.in_(ids))
    )
    return [Suggestion(*row) for row in rows]


def product_names(session: Session, program_id: int, invoice: ClaimedInvoice) -> dict[int, Suggestion]:
    """Give the products that an invoice's lines have, by id."""
    ids = [id_ for line in invoice.lines for id_ in (line.product_id, *line.may_be) if id_ is not None]
    return {one.id: one for one in products(session, program_id, ids)}


def _with_products(
    session: Session, program_id: int, distributor_id: int, invoice: ClaimedInvoice
) -> tuple[ClaimedInvoice, list[Problem]]:
    """Find the products of lines that only say what they are called; what the programme does not have is none."""
    names = aliases.product_names(session, program_id, "")
    ours = product_names(session, program_id, invoice)
    lines: list[ClaimedLine] = []
    problems: list[Problem] = []
    for at, line in enumerate(invoice.lines):
        if line.product_id not in ours:
            line = line.of_product(None)
        if line.product_id is None and line.said:
            line, found = _meant(names, distributor_id, at, line) or _named(session, program_id, at, line)
            problems += found
        lines.append(line)
    return replace(invoice, lines=tuple(lines)), problems


def _meant(names: Names, distributor_id: int, at: int, line: ClaimedLine) -> tuple[ClaimedLine, list[Problem]] | None:
    """Find what a name means that is a code, an EAN or an alias; an alias may count in boxes of ours."""
    key = code_key(line.said)
    meaning = names.own(line.said) or names.of_distributors.get((distributor_id, key)) or names.aliases.get(key)
    if meaning is None:
        return None
    if meaning.id is None:
        return line, [Problem("product", "product_left_out", at, {"found": line.said})]
    if meaning.unit_milli == aliases.SAME_UNIT or line.quantity_milli is None:
        return replace(line, product_id=meaning.id), []
    quantity, rest = divmod(line.quantity_milli * meaning.unit_milli, aliases.SAME_UNIT)
    if rest:
        return line, [Problem("quantity", "unit_not_exact", at)]
    net = line.amount_minor
    return replace(line, product_id=meaning.id, quantity_milli=quantity, price_minor=None, net_minor=net), []


def _named(session: Session, program_id: int, at: int, line: ClaimedLine) -> tuple[ClaimedLine, list[Problem]]:
    """Find the one product whose name is what was typed, or else the one that it can only be.

    What a file calls so and so, a person has to choose.
    """
    wanted = line.said.casefold()
    found = suggest(session, program_id, line.said)
    named = [one for one in found if one.name.casefold() == wanted] or ([] if line.position else found)
    if len(named) == 1:
        return replace(line, product_id=named[0].id), []
    if not named:
        return line, [Problem("product", "product_unknown", at, {"found": line.said})]
    among = ", ".join(f"{one.code} {one.name}" for one in named[:_AMONG])
    return line, [Problem("product", "product_unclear", at, {"found": line.said, "among": among})]


def _window(rules: ProgramRules, program: Program, now: dt.datetime) -> Window:
    return Window(
        today=local_date(now, program.time_zone),
        starts_on=rules.settings.starts_on,
        ends_on=rules.settings.ends_on,
        within_days=rules.settings.verification.claim_within_days,
    )


def _sellers(rules: ProgramRules, program: Program, claimant: Claimant) -> Sellers:
    """Say how sellers are judged; the programme's own, and the distributor itself, are who they are."""
    written = [*rules.settings.verification.sellers, claimant.tax_id or ""]
    return Sellers(program.country, frozenset(tax_id_key(one) for one in written if one))


def _claimant(session: Session, distributor_id: int, person: str | None) -> Claimant:
    tax_id = session.scalars(select(Distributor.tax_id).where(Distributor.id == distributor_id)).one()
    return Claimant(distributor_id, tax_id, person)


def _here(session: Session, program_id: int, key: str) -> tuple[int, int] | None:
    """Find the document that has a key, and whose it is."""
    row = session.execute(
        select(SalesDocument.id, SalesDocument.distributor_id).where(
            SalesDocument.program_id == program_id,
            SalesDocument.document_key == key,
            SalesDocument.status.in_(COUNTING),
        )
    ).one_or_none()
    return None if row is None else (row[0], row[1])
