"""Sales that the sponsor's own report holds already: whoever made one says so, and nothing has to be typed.

A programme says how many people may claim one sale, and by when; whether such a sale counts since it was loaded, or
once somebody claims it; and what each of several gets. Until its points are spent, and while sales may be claimed,
whoever claimed one takes that back.
"""

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from app.domain.measures.calendar import local_date
from app.domain.program_file.verification_settings import Verification
from app.domain.rules.program_rules import ProgramRules
from app.domain.saying.movement_notes import CLAIMED, CLAIMED_BY_NOBODY
from app.domain.saying.wording import Say, marked, plain
from app.domain.states import COUNTING, DocumentKind, DocumentStatus, DocumentWord
from app.models.claims import DocumentMessage, SaleClaim
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.services import audit
from app.services.anew.touched import touch
from app.services.counting.splitting import divided_among
from app.services.counting.wordings import successor
from app.services.persons.rosters import name_key, roster_of
from app.services.persons.sellers import OF_THE_SALE, each_once
from app.services.rulebooks import rules_of
from app.services.same_person import is_same
from verification import sale_claims
from verification.deciding import decisions, replacing
from verification.deciding.errors import NoSuchDocument, PaidOut
from verification.deciding.recounting import Expired, count_once_more
from verification.sale_claims import claimants

_ = marked
SENTENCES: Mapping[str, str] = {
    "not_here": _("It cannot be claimed here."),
    "yours": _("It bears this name already."),
    "full": _("As many people claimed it as may."),
    "too_late": _("Sales are claimed within %(days)s days of their date."),
    "paid_out": _("Its points are reserved or spent already; they stay where they are."),
    "expired": _("Its points expired; they stay where they are."),
    "went_back": _("Goods of it went back; its points stay where they are."),
    "not_claimed": _("This claim is taken back already."),
    "not_yours": _("Somebody else claimed it."),
}
"""Why a sale cannot be claimed, or a claim cannot be taken back."""


class CannotPick(Exception):
    """A sale cannot be claimed, or a claim cannot be taken back; ``code`` says why."""

    def __init__(self, code: str, **values: object) -> None:
        """Take the code of a sentence, and what fills it."""
        super().__init__(code)
        self.code, self.values = code, values

    def sentence(self, say: Say = plain) -> str:
        """Say it."""
        return say(SENTENCES[self.code]) % self.values


def settings_of(session: Session, program_id: int) -> Verification:
    """Give what the programme says."""
    return rules_of(session, program_id).settings.verification


def to_claim(
    program: Program, settings: Verification, distributor_id: int, name: str | None, *, now: dt.datetime
) -> tuple[ColumnElement[bool], ...]:
    """Give the condition of the sales that may be claimed; with a ``name``, by whoever bears it."""
    conditions = [
        SalesDocument.program_id == program.id,
        SalesDocument.distributor_id == distributor_id,
        SalesDocument.source == "import",
        SalesDocument.kind == DocumentKind.INVOICE,
        SalesDocument.status.in_(COUNTING),
        people() < (settings.people_per_sale or 0),
    ]
    first = _first_day(program, settings, now)
    if first is not None:
        conditions.append(SalesDocument.issued_on >= first)
    if name is not None:
        mine = select(SaleClaim.id).where(OF_THE_SALE, SaleClaim.person_key == name_key(name))
        conditions += [_NAMED.is_distinct_from(name_key(name)), ~mine.correlate(SalesDocument).exists()]
    return tuple(conditions)


_NAMED = func.coalesce(func.lower(func.trim(SalesDocument.person)), "")


def people() -> ColumnElement[int]:
    """Count, beside a document, the people whose sale it is: who claimed it, and whom its file names."""
    claims = select(func.count()).select_from(SaleClaim).where(OF_THE_SALE).correlate(SalesDocument).scalar_subquery()
    among = select(SaleClaim.id).where(OF_THE_SALE, SaleClaim.person_key == _NAMED).correlate(SalesDocument).exists()
    return claims + case(((_NAMED != "") & ~among, 1), else_=0)


def claim(
    session: Session,
    program: Program,
    distributor_id: int,
    document_id: int,
    person: str,
    *,
    actor: str,
    now: dt.datetime,
) -> None:
    """Say that a loaded sale of a distributor was somebody's. The caller commits, or rolls back what is refused.

    What they get of its points is given at once.

    Raises:
        CannotPick: It is not here, it is theirs already, as many people have it as may, or the time is over.
    """
    rules, settings = rules_of(session, program.id), settings_of(session, program.id)
    document = _counting(session, program, document_id)
    loaded = document is not None and document.source == "import" and document.kind is DocumentKind.INVOICE
    if settings.people_per_sale is None or document is None or document.distributor_id != distributor_id or not loaded:
        raise CannotPick("not_here")
    names = _whose(session, document)
    keys = {name_key(one) for one in names}
    if name_key(person) in keys:
        raise CannotPick("yours")
    if len(keys) >= settings.people_per_sale:
        raise CannotPick("full")
    _must_be_in_time(program, settings, document, now)
    session.add(
        SaleClaim(
            program_id=program.id,
            document_key=document.document_key,
            person=person,
            person_key=name_key(person),
            waited=sale_claims.waited(session, document),
            claimed_by=actor,
            claimed_at=now,
        )
    )
    if document.person is None:
        document.person = person
    waited = sale_claims.waits(document)
    sale_claims.let_wait(document, waits_now=False)
    _note(session, document, DocumentWord.CLAIMED, person, actor=actor, now=now)
    _settle(session, program, rules, document, names, [*names, person], starts_or_stops=waited, actor=actor, now=now)


def take_back(
    session: Session,
    program: Program,
    distributor_id: int,
    claim_id: int,
    *,
    anybodys: bool = False,
    actor: str,
    now: dt.datetime,
) -> None:
    """Take back what was said of a sale: it may be claimed again. The caller commits, or rolls back what is refused.

    Whoever said it does so; with ``anybodys`` somebody who claims for others. Its points go where they belong without
    the claim.

    Raises:
        CannotPick: The claim is gone, or is not theirs; the time is over, or the points are spent.
    """
    rules, settings = rules_of(session, program.id), settings_of(session, program.id)
    said = session.scalars(
        select(SaleClaim).where(SaleClaim.id == claim_id, SaleClaim.program_id == program.id)
    ).one_or_none()
    here = None if said is None else _wording_of(session, said)
    document = None if here is None else _counting(session, program, here)
    # somebody else may have taken it back while the wallets were waited for
    said = session.get(SaleClaim, claim_id, populate_existing=True, with_for_update=True)
    if said is None or document is None or document.distributor_id != distributor_id:
        raise CannotPick("not_claimed")
    if not anybodys and not is_same(session, actor, said.claimed_by):
        raise CannotPick("not_yours")
    _must_be_in_time(program, settings, document, now)
    names, person = _whose(session, document), said.person
    session.delete(said)
    session.flush()
    if name_key(document.person) == name_key(person) and not sale_claims.named_by_file(session, document):
        document.person = next(iter(claimants(session, program.id, [document.document_key]).values()), [None])[0]
    waits = document.person is None and said.waited
    sale_claims.let_wait(document, waits_now=waits)
    _note(session, document, DocumentWord.UNCLAIMED, person, actor=actor, now=now)
    _settle(
        session, program, rules, document, names, _whose(session, document), starts_or_stops=waits, actor=actor, now=now
    )


def _counting(session: Session, program: Program, document_id: int) -> SalesDocument | None:
    """Lock the wording of a sale that counts; another one may have taken its place since a list was shown."""
    try:
        document = decisions.opened(session, program, document_id)
        while document.status is DocumentStatus.SUPERSEDED and (since := successor(session, document.id)) is not None:
            document = decisions.opened(session, program, since)
    except NoSuchDocument:
        return None
    return document if document.status in COUNTING else None


def _wording_of(session: Session, said: SaleClaim) -> int | None:
    return session.scalars(
        select(SalesDocument.id).where(
            SalesDocument.program_id == said.program_id,
            SalesDocument.document_key == said.document_key,
            SalesDocument.status.in_(COUNTING),
        )
    ).one_or_none()


def _whose(session: Session, document: SalesDocument) -> list[str]:
    """Give the people whose sale it is, whom its file names first."""
    have = claimants(session, document.program_id, [document.document_key]).get(document.document_key, [])
    return each_once([document.person, *have])


def _must_be_in_time(program: Program, settings: Verification, document: SalesDocument, now: dt.datetime) -> None:
    first = _first_day(program, settings, now)
    if first is not None and document.issued_on < first:
        raise CannotPick("too_late", days=settings.claim_within_days)


def _note(
    session: Session, document: SalesDocument, word: DocumentWord, person: str, *, actor: str, now: dt.datetime
) -> None:
    """Note in the document's timeline, and for auditors, whose somebody said that it was, or was not."""
    session.add(DocumentMessage(document_id=document.id, kind=word, words=person, author=actor, said_at=now))
    claimed = word is DocumentWord.CLAIMED
    audit.note(
        session,
        actor,
        "sale.claim" if claimed else "sale.unclaim",
        document.number,
        now=now,
        program_id=document.program_id,
        before=None if claimed else {"person": person},
        after={"person": person} if claimed else None,
    )
    session.flush()


def _settle(
    session: Session,
    program: Program,
    rules: ProgramRules,
    document: SalesDocument,
    were: Sequence[str],
    are: Sequence[str],
    *,
    starts_or_stops: bool,
    actor: str,
    now: dt.datetime,
) -> None:
    """Let the points of a sale go where they belong, by counting it once more where they do not lie there already."""
    roster = roster_of(session, np.asarray([document.distributor_id], dtype=np.int64))
    before, after = (divided_among(rules, roster, document.distributor_id, names) for names in (were, are))
    if starts_or_stops or before != after:
        try:
            count_once_more(
                session,
                program,
                rules,
                document,
                now=now,
                actor=actor,
                reason=CLAIMED.format(names=", ".join(are)) if are else CLAIMED_BY_NOBODY,
                with_returns=starts_or_stops,
            )
        except PaidOut:
            raise CannotPick("paid_out") from None
        except Expired:
            raise CannotPick("expired") from None
        except replacing.GoodsReturned:
            raise CannotPick("went_back") from None
    touch(session, program.id, [document.id])


def _first_day(program: Program, settings: Verification, now: dt.datetime) -> dt.date | None:
    """Give the first day whose sales are claimed still; None: all of them."""
    days = settings.claim_within_days
    return None if days is None else local_date(now, program.time_zone) - dt.timedelta(days=days)
