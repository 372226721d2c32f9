"""A distributor registers an invoice: typed, kept as a draft, told what it would earn, and sent."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.domain.roles import Permission, Role, may
from app.domain.states import ClaimState, Unit
from app.extensions import db
from app.models.claims import Claim
from app.models.sales import SalesDocument
from app.services.access import memberships
from app.services.rulebooks import rules_of
from app.web.access.own import sees_all
from app.web.addresses import text_asked, whole_number
from app.web.context import distributor_here, now, person, scope, session, settings
from app.web.forms.proposing import proposed
from app.web.lists.answering import answer
from app.web.portal.claims.devices import device, known_from_now_on
from app.web.portal.claims.drafts import DRAFTS
from app.web.portal.claims.forms import ClaimForm, filled_in, proof_refused, sentence
from app.web.portal.documents.standing import why_in_checks
from app.web.portal.home import kept_for, own
from app.web.proofs import picture_of
from app.web.words.telling import Telling
from verification.claiming import claims, proofs, serials
from verification.claiming.claimed import ClaimedInvoice, ClaimedLine, Problem
from verification.claiming.filling import Filled
from verification.claiming.pages import reader_of

bp = Blueprint("portal_claims", __name__, url_prefix="/portal/<code:program_code>/<id:distributor_id>/claims")

Answer = str | Response | tuple[str, int]


@bp.get("/")
def index(program_code: str, distributor_id: int) -> str | Response:
    return answer(DRAFTS, "portal/claims/claims.html", own=own())


@bp.get("/products")
def suggest(program_code: str, distributor_id: int) -> Response:
    """Propose products while somebody types."""
    found = claims.suggest(session(), scope().program.id, text_asked("q"))
    return proposed(len(found), products=[{"id": one.id, "name": one.name, "code": one.code} for one in found])


@bp.route("/new", methods=["GET", "POST"])
def new(program_code: str, distributor_id: int) -> Answer:
    if request.method == "GET":
        return _form_page(_showing(ClaimedInvoice(lines=(ClaimedLine(),)), secrets.token_urlsafe(18), None))
    return _answer(None)


@bp.route("/<id:claim_id>", methods=["GET", "POST"])
def edit(program_code: str, distributor_id: int, claim_id: int) -> Answer:
    claim = session().get_one(Claim, claim_id)
    if claim.document_id is not None:
        return _sent(claim)
    if request.method == "POST":
        return _answer(claim)
    form = _showing(claims.invoice_of(claim), claim.key, claim.person)
    problems = _judge(claim)[1] if "wrong" in request.args else []
    form.blame(problems)
    return _form_page(form, claim, problems)


@bp.get("/<id:claim_id>/check")
def check(program_code: str, distributor_id: int, claim_id: int) -> Answer:
    """Show what the invoice would earn, line by line, before it is sent; what is wrong is shown beside its field."""
    claim = session().get_one(Claim, claim_id)
    if claim.document_id is not None:
        return _sent(claim)
    invoice, problems = _judge(claim)
    if problems:
        return _to_claim(claim_id, wrong=1)
    earned = claims.would_earn(session(), scope().program, claim, invoice, Telling())
    verification = rules_of(session(), scope().program.id).settings.verification
    resembling = claims.resembling(session(), scope().program, claim, invoice)
    page = render_template(
        "portal/claims/claim_check.html",
        claim=claim,
        invoice=invoice,
        lines=earned,
        attached=proofs.of_claim(session(), claim.id),
        total={unit: sum(line.total(unit) for line in earned) for unit in Unit},
        verification=verification,
        resembling=resembling is not None,
        twin=_seen(resembling),
        own=own(),
    )
    return known_from_now_on(make_response(page))


@bp.post("/<id:claim_id>/send")
def send(program_code: str, distributor_id: int, claim_id: int) -> Answer:
    try:
        try:
            document_id = _send(claim_id)
        except IntegrityError:
            document_id = _send(claim_id)  # the same invoice came from elsewhere at that moment: now it is here
    except claims.NotReady as refused:
        for one in refused.problems:
            flash(sentence(one), "danger")
        return _to_claim(claim_id, wrong=1)
    flash(gettext("The invoice is sent. Here you see what becomes of it."), "success")
    if not may(person(), Permission.SEE_DOCUMENT, scope().program.id, distributor_id):
        return redirect(url_for("portal_claims.edit", **own(), claim_id=claim_id), 303)
    return redirect(url_for("documents.show", program_code=program_code, document_id=document_id), 303)


def _send(claim_id: int) -> int:
    with transaction(db.session) as writing:
        claim = claims.held_to_send(writing, scope().program, claim_id)
        return claims.send(writing, scope().program, claim, actor=person().login, now=now(), device=device())


@bp.get("/<id:claim_id>/proofs/<id:proof_id>/<id:page>")
def page(program_code: str, distributor_id: int, claim_id: int, proof_id: int, page: int) -> Response:
    """Show a page of a proof."""
    return picture_of(proofs.of_draft(session(), claim_id, proof_id), page)


@bp.post("/<id:claim_id>/put-away")
def put_away(program_code: str, distributor_id: int, claim_id: int) -> Response:
    digests = [one.file_sha256 for one in proofs.of_claim(session(), claim_id)]
    try:
        with transaction(db.session) as writing:
            claims.put_away(writing, claims.held(writing, claim_id))
    except claims.ClaimIsSent:
        return _to_claim(claim_id)
    with transaction(db.session) as writing:
        proofs.forget(writing, settings().files, digests)
    flash(gettext("The draft is put away."), "info")
    return redirect(url_for("portal_claims.index", **own()), 303)


def _answer(claim: Claim | None) -> Answer:
    """Do what the pressed button says with what was typed."""
    form = _sent_form()
    action = request.form.get("action", "check")
    if action == "add":
        form.add_line()
        return _form_page(form, claim)
    if action.startswith("remove-") and (place := whole_number(action.removeprefix("remove-"))) is not None:
        form.remove_line(place)
        return _form_page(form, claim)
    if not form.validate():
        if action == "check" and (claim is None or not claims.invoice_of(claim).from_a_file):
            _judge_what_was_read(form)
        return _form_page(form, claim), 400
    try:
        kept, filled = _keep(claim, form)
    except claims.ClaimIsSent as sent:
        return _to_claim(sent.claim_id)
    except claims.NoSuchClaim:
        form.key.data = secrets.token_urlsafe(18)  # the key is somebody else's: this is another invoice
        return _form_page(form, None), 409
    except _FileRefused as refused:
        form.refuse("files", proof_refused(refused.why, refused.file_name))
        return _form_page(form, claim), 400
    for one, name in filled:
        flash(filled_in(one, name), "warning" if one is not None and one.why else "success")
    if action.startswith("detach-") and (proof_id := whole_number(action.removeprefix("detach-"))) is not None:
        _detach(kept, proof_id)
    elif action == "save":
        flash(gettext("The draft is kept."), "success")
    elif action == "check" and not any(one is None or one.why is None for one, _name in filled):
        return redirect(url_for("portal_claims.check", **own(), claim_id=kept), 303)
    return _to_claim(kept)


class _FileRefused(Exception):
    """One of the files that were sent cannot be a proof."""

    def __init__(self, why: proofs.ProofRefused, file_name: str) -> None:
        super().__init__(file_name)
        self.why, self.file_name = why, file_name


def _keep(claim: Claim | None, form: ClaimForm) -> tuple[int, list[tuple[Filled | None, str]]]:
    """Keep what was typed, and the files that came with it: all of it, or nothing.

    Gives the claim, and what e-invoices among the files filled in; None: the text of a PDF proposed something.
    """
    here, whose = scope(), _person_for(form)
    filled: list[tuple[Filled | None, str]] = []
    names = {one.id: one for one in claims.products(session(), here.program.id, form.chosen())}
    invoice = form.invoice(names).without_empty_lines()
    by: dict[str, Any] = {"actor": person().login, "now": now()}
    with transaction(db.session) as writing:
        if claim is None:
            key = form.key.data or secrets.token_urlsafe(18)
            kept = claims.keep(writing, here.program, distributor_here().id, key, invoice, person=whose, **by)
        else:
            kept = claims.held(writing, claim.id)
            said = claims.invoice_of(kept)
            invoice = invoice.as_the_file_says(said) if said.from_a_file else invoice
            claims.change(kept, invoice, person=whose, now=now())
        for one in form.brought():
            content, name = one.stream.read((settings().max_proof_mb << 20) + 1), str(one.filename)
            try:
                taken = proofs.take(writing, settings(), kept, content, name, **by)
            except proofs.ProofRefused as why:
                raise _FileRefused(why, name) from None
            if taken.invoice is not None:
                filled.append((claims.fill(writing, here.program, kept, taken.invoice), name))
            elif claims.propose(kept, taken.attachment, taken.text):
                filled.append((None, name))
        return kept.id, filled


def _detach(claim_id: int, proof_id: int) -> None:
    with transaction(db.session) as writing:
        sent = claims.held(writing, claim_id).state is ClaimState.SENT  # meanwhile, from elsewhere
        found = None if sent else proofs.of_draft(writing, claim_id, proof_id)
        digests = [] if found is None else [found.file_sha256]
        if found is not None:
            proofs.remove(writing, found)
    with transaction(db.session) as writing:
        proofs.forget(writing, settings().files, digests)


def _person_for(form: ClaimForm) -> str | None:
    """Say whose sale it was: a sales rep registers their own, whoever else says it."""
    here, who = scope(), person()
    own_seats = [seat for seat in who.seats if seat.distributor_id == distributor_here().id]
    if not sees_all(who, here.program.id, distributor_here().id) and own_seats:
        return next((seat.known_as for seat in own_seats if seat.known_as), who.login)
    return form.person.data or None


def _reps() -> list[tuple[str, str]]:
    """Give the sales reps of the distributor, each by the name under which they find their documents."""
    if any(seat.role is Role.REP and seat.distributor_id == distributor_here().id for seat in person().seats):
        return []
    team = memberships.team(session(), distributor_here().id)
    return [(one.known_as or one.login, one.name) for one in team if one.role is Role.REP]


def _sent_form() -> ClaimForm:
    form = ClaimForm()
    form.offer(_reps())
    if not form.lines.entries:
        form.add_line()
    return form


def _showing(invoice: ClaimedInvoice, key: str, whose: str | None) -> ClaimForm:
    names = claims.product_names(session(), scope().program.id, invoice)
    form = ClaimForm.showing(invoice, key, whose, names)
    form.offer(_reps())
    return form


def _form_page(form: ClaimForm, claim: Claim | None = None, problems: Sequence[Problem] = ()) -> str:
    rules = rules_of(session(), scope().program.id)
    return render_template(
        "portal/claims/claim.html",
        form=form,
        claim=claim,
        from_file=claim is not None and claims.invoice_of(claim).from_a_file,
        proposed=() if claim is None or request.method == "POST" else claims.invoice_of(claim).proposed,
        gross=rules.book.gross,
        with_serials=serials.asked(session(), scope().program.id),
        in_poland=scope().program.country == "PL",
        attached=[] if claim is None else proofs.of_claim(session(), claim.id),
        accepted=proofs.ACCEPTED,
        reads_photos=reader_of(settings()) is not None,
        largest_mb=settings().max_proof_mb,
        owner=kept_for(),
        twin=_twin(claim, problems),
        own=own(),
    )


def _judge(claim: Claim) -> tuple[ClaimedInvoice, list[Problem]]:
    return claims.judge(session(), scope().program, distributor_here().id, claims.invoice_of(claim), now=now())


def _judge_what_was_read(form: ClaimForm) -> None:
    """Say of the fields that could be read what is wrong with them: people mend all of it at once."""
    names = {one.id: one for one in claims.products(session(), scope().program.id, form.chosen())}
    invoice, places = form.invoice(names), form.filled(names)
    read = replace(invoice, lines=tuple(invoice.lines[at] for at in places))
    _known, problems = claims.judge(session(), scope().program, distributor_here().id, read, now=now())
    form.blame_what_was_read([one if one.line is None else replace(one, line=places[one.line]) for one in problems])


def _twin(claim: Claim | None, problems: Sequence[Problem]) -> str | None:
    """Give the page of this distributor's own document that bears the number already, for whoever may see it."""
    if claim is None or not any(one.code == "here_already" for one in problems):
        return None
    return _seen(claims.own_document(session(), scope().program, claim))


def _seen(document_id: int | None) -> str | None:
    """Give the page of a document of this distributor, for whoever may see it."""
    here, who = scope(), person()
    if document_id is None or not sees_all(who, here.program.id, distributor_here().id):
        return None
    return url_for("documents.show", program_code=here.program.code, document_id=document_id)


def _sent(claim: Claim) -> Answer:
    """Lead to the document that a claim became; whoever may not see documents is told how it stands."""
    here = scope()
    if may(person(), Permission.SEE_DOCUMENT, here.program.id, distributor_here().id):
        return redirect(url_for("documents.show", program_code=here.program.code, document_id=claim.document_id), 303)
    document = session().get_one(SalesDocument, claim.document_id)
    return render_template(
        "portal/claims/claim_sent.html", document=document, why=why_in_checks(document.reasons), own=own()
    )


def _to_claim(claim_id: int, **asked: Any) -> Response:
    return redirect(url_for("portal_claims.edit", **own(), claim_id=claim_id, **asked), 303)
