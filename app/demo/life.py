"""What goes on around the main job: terms, people who want to join, corrections by hand, an invitation on its way.

Without it the pages for these would stand empty at first sight. Each part is made once.
"""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.demo.identifiers import nips
from app.domain.program_file.registration import COMPANY, REP, AnswerKind, Asked, Choice, Question
from app.domain.roles import Role
from app.models.desk import AdjustmentRequest
from app.models.distributors import Distributor
from app.models.joining import Application, Invitation, TermsVersion
from app.models.people import UserAccount
from app.models.programs import Program
from app.services.access import invitations
from app.services.by_hand import adjustments
from app.services.joining import applications, registration, terms
from app.services.joining.applications import Applicant

TERMS = {
    "pl": """Regulamin Klubu Fachowca Dłutowar

1. Klub prowadzi Dłutowar Narzędzia S.A. Uczestnikiem może być dystrybutor narzędzi Dłutowar.
2. Punkty nalicza się za sprzedaż potwierdzoną fakturą. Każdy zapis w historii punktów podaje regułę, z której wynika.
3. Zwrot towaru cofa punkty, które za niego przyznano, pozycja po pozycji.
4. Punkty są ważne 24 miesiące. O zbliżającym się terminie piszemy 30 dni wcześniej.
5. Punkty można zamienić na zasilenie karty przedpłaconej. Do nagrody doliczamy rekompensatę podatku.
6. Dane uczestnika przetwarzamy tylko w celu prowadzenia programu; ich kopię można pobrać w profilu.""",
    "en": """Terms of the Dłutowar Craftsmen's Club

1. The club is run by Dłutowar Narzędzia S.A. Distributors of Dłutowar tools may take part.
2. Points are given for sales that an invoice confirms. Each entry in the history of points names the rule behind it.
3. Goods that come back take back the points that they gave, line by line.
4. Points are valid for 24 months. We write 30 days before they expire.
5. Points can be turned into top-ups of a prepaid card. We add a compensation of the tax on the reward.
6. Data of participants serve the programme alone; a copy can be had from the profile.""",
}
INTRO = {
    "pl": "Sprzedajesz narzędzia Dłutowar? Dołącz do klubu i zbieraj punkty za każdą fakturę.",
    "en": "Do you sell Dłutowar tools? Join the club and earn points with every invoice.",
}
QUESTIONS = (
    Question(
        "",
        AnswerKind.ONE,
        {"pl": "Gdzie sprzedajecie najwięcej?", "en": "Where do you sell most?"},
        required=True,
        asked=Asked.COMPANY,
        choices=(
            Choice("counter", {"pl": "W sklepie", "en": "In a shop"}),
            Choice("online", {"pl": "Przez internet", "en": "Online"}),
            Choice("wholesale", {"pl": "W hurcie", "en": "Wholesale"}),
        ),
    ),
    Question(
        "",
        AnswerKind.LINE,
        {"pl": "Ile osób pracuje w sprzedaży?", "en": "How many people work in sales?"},
        asked=Asked.COMPANY,
    ),
    Question(
        "",
        AnswerKind.TICK,
        {"pl": "Chcę dostawać zaproszenia na szkolenia", "en": "I want to be invited to trainings"},
    ),
)


@dataclass(frozen=True)
class _Wanted:
    """An adjustment: whose, how much, why; and who has to say yes to it, where somebody has."""

    distributor: str
    amount: int
    reason: str
    note: str
    approved_by: str | None


ADJUSTMENTS = (
    _Wanted("D-1006", 250, "event", "Dzień otwarty w Katowicach: pokaz szlifierek", "approver@demo.example"),
    _Wanted("D-1008", -40, "correction", "Nagroda za pokaz naliczona dwa razy", "approver@demo.example"),
    _Wanted("D-1031", 120, "complaint", "Reklamacja 114: faktura zgłoszona po terminie z winy biura", None),
)
ADMINISTRATOR, INVITED = "administrator@demo.example", "magda.nowacka@demo.example"


def live(session: Session, program: Program, distributor_id: int, *, public_url: str, now: dt.datetime) -> None:
    """Make what is not there yet. ``distributor_id`` is whom the sample owner belongs to. The caller commits."""
    if not _there(session, TermsVersion, program):
        _agree(session, program, now)
    if not _there(session, Application, program):
        _apply(session, program, distributor_id, public_url, now)
    if not _there(session, AdjustmentRequest, program):
        _adjust(session, program, now)
    if not _there(session, Invitation, program):
        invitations.invite(
            session,
            program,
            login=INVITED,
            name="Magda Nowacka",
            role=Role.VERIFIER,
            link=lambda token: f"{public_url}/invitation/{token}",
            actor=ADMINISTRATOR,
            inviter="Adam Lis",
            now=now,
        )


def _there(
    session: Session,
    what: type[TermsVersion] | type[Application] | type[AdjustmentRequest] | type[Invitation],
    program: Program,
) -> bool:
    return bool(session.scalar(select(exists().where(what.program_id == program.id))))


def _agree(session: Session, program: Program, now: dt.datetime) -> None:
    """Publish the terms; the sample owner and rep have accepted them, so that their first page is their own."""
    terms.publish(session, program, TERMS, actor=ADMINISTRATOR, now=now)
    samples = session.scalars(
        select(UserAccount).where(UserAccount.login.in_(("distributor@demo.example", "rep@demo.example")))
    ).all()
    for one in samples:
        found = terms.in_force(session, program.id, one.id)
        if found is not None:
            terms.accept(
                session, program, found.id, one.id, login=one.login, locale=program.locale, address=None, now=now
            )


def _apply(session: Session, program: Program, distributor_id: int, public_url: str, now: dt.datetime) -> None:
    """Publish the form, and send three applications: of two companies, and of a rep whose employer is asked."""
    for question in QUESTIONS:
        registration.put_question(session, program.id, question, actor=ADMINISTRATOR, now=now)
    registration.set_text(session, program.id, INTRO, employer_consent=True, actor=ADMINISTRATOR, now=now)
    registration.publish(session, program.id, published=True, actor=ADMINISTRATOR, now=now)
    asked = registration.form_of(session, program.id).questions
    where, many, training = (one.key for one in asked)
    strange = nips(62)[60:]
    employer = session.get_one(Distributor, distributor_id)
    for kind, login, name, company, tax_id, answers in (
        (COMPANY, "biuro@strug.example", "Iwona Strug", "Strug i Dłuto Sp. z o.o.", strange[0], ("counter", "4", True)),
        (COMPANY, "sklep@osnik.example", "Paweł Ośnik", "Ośnik Online", strange[1], ("online", "", False)),
        (REP, "kamil.wit@demo.example", "Kamil Wit", employer.name, employer.tax_id or "", (None, None, True)),
    ):
        applications.apply(
            session,
            program,
            Applicant(kind, login, name, company, tax_id, "+48 600 100 200", program.locale),
            asked,
            dict(zip((where, many, training), answers, strict=True)),
            employer_consent=True,
            consent_page=lambda one: f"{public_url}/portal/{program.code}/{one}/applications",
            address="",
            now=now,
        )


def _adjust(session: Session, program: Program, now: dt.datetime) -> None:
    codes = [one.distributor for one in ADJUSTMENTS]
    found = select(Distributor).where(Distributor.program_id == program.id, Distributor.code.in_(codes))
    ids = {one.code: one.id for one in session.scalars(found)}
    for one in ADJUSTMENTS:
        made = adjustments.request(
            session,
            program,
            ids[one.distributor],
            one.amount,
            reason_code=one.reason,
            note=one.note,
            actor=ADMINISTRATOR,
            now=now,
        )
        if one.approved_by is not None:
            adjustments.approve(session, program, made, actor=one.approved_by, now=now)
