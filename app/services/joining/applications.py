"""Applications to a programme: sent by its registration form, agreed to by an employer, vetted by its administrators.

A company comes in as a distributor with an owner; a sales rep comes in to a distributor that is there.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.first import First, first
from app.domain.measures.calendar import local_date
from app.domain.program_file import registration
from app.domain.program_file.registration import REP, Question, tax_id_key
from app.domain.roles import Person, Role
from app.domain.states import ApplicationState, Event
from app.domain.typed.mail_addresses import is_mail_address
from app.models.distributors import Distributor
from app.models.joining import Application
from app.models.people import Membership, UserAccount
from app.models.programs import Program
from app.services import audit
from app.services.access import invitations, people
from app.services.access.ways_in import Link
from app.services.joining.applicant_twins import same_tax_id
from app.services.occasions import events
from app.services.participants import new_distributors
from app.services.participants.distributor_rows import DistributorRow
from app.services.telling import messages, notices, texts
from app.services.telling.messages import Kind

OPEN = (ApplicationState.NEW, ApplicationState.CONSENT)


MOST_WAITING = 100


class ApplicationClosed(ValueError):
    """It was decided already, or there is no such application."""


class ConsentMissing(ValueError):
    """A sales rep does not come in before the employer has agreed."""


class DistributorMissing(ValueError):
    """A sales rep comes in to a distributor; none was named."""


class NobodyToAsk(ValueError):
    """The distributor has no owner who could agree."""


@dataclass(frozen=True)
class Applicant:
    """Whoever applies: for a company, or as somebody's sales rep."""

    kind: str
    login: str
    name: str
    company: str
    tax_id: str
    phone: str
    locale: str


@dataclass(frozen=True)
class Waiting:
    """An application that an employer is asked to agree to."""

    id: int
    name: str
    login: str
    company: str
    created_at: dt.datetime


def apply(
    session: Session,
    program: Program,
    applicant: Applicant,
    questions: Sequence[Question],
    answers: Mapping[str, Any],
    *,
    employer_consent: bool,
    consent_page: Link,
    address: str,
    actor: str | None = None,
    now: dt.datetime,
) -> int:
    """Take an application in, and thank for it by mail. Returns its id. The caller commits.

    Answers are kept with the words of their questions: the form may change, what was said stays readable. A rep whose
    employer is known by its tax id waits for the owner's consent first.

    Args:
        session: of the caller.
        program: to which somebody applies.
        applicant: who.
        questions: those that were put to them.
        answers: by the questions' keys, as the form read them.
        employer_consent: whether an employer has to agree to a rep.
        consent_page: makes the address of the page where a distributor's owner agrees, from the distributor's id.
        address: from where it was sent.
        actor: who sends it for the applicant; where nobody is named, they do it themselves.
        now: the clock.

    Raises:
        LoginInvalid: The e-mail address is none.
    """
    key = people.login_key(applicant.login)
    if not is_mail_address(key):
        raise people.LoginInvalid(applicant.login)
    said = _in_words(program, applicant, questions, answers)
    application = _as_sent(program, applicant, key, said, address=address, now=now)
    session.add(application)
    session.flush()
    if applicant.kind == REP and employer_consent:
        employer = _employer(session, program.id, applicant.tax_id)
        if employer is not None and _owners(session, employer):
            _ask(session, program, application, employer, consent_page, now)
    messages.write(
        session,
        Kind.APPLICATION_RECEIVED,
        key,
        locale=applicant.locale,
        now=now,
        program=program,
        name=application.name,
        company=application.company,
    )
    after = {"kind": applicant.kind, "company": application.company}
    audit.note(session, actor or key, "application.send", key, now=now, program_id=program.id, after=after)
    return application.id


def _as_sent(
    program: Program, applicant: Applicant, login: str, said: dict[str, Any], *, address: str, now: dt.datetime
) -> Application:
    return Application(
        program_id=program.id,
        kind=applicant.kind,
        login=login,
        name=applicant.name.strip(),
        company=applicant.company.strip(),
        tax_id=applicant.tax_id.strip() or None,
        phone=applicant.phone.strip() or None,
        locale=applicant.locale,
        answers=said,
        state=ApplicationState.NEW,
        created_at=now,
        address=address[:64] or None,
    )


def _in_words(
    program: Program, applicant: Applicant, questions: Sequence[Question], answers: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Give the answers to what was asked of such an applicant, each with the words of its question."""
    return {
        one.key: {
            "at": at,  # the database keeps no order of keys
            "question": registration.in_language(one.label, program.locale, program.locale),
            "answer": answers.get(one.key),
            "said": registration.said(one, answers.get(one.key), program.locale),
        }
        for at, one in enumerate(questions)
        if one.of(applicant.kind)
    }


def ask_employer(
    session: Session,
    program: Program,
    application_id: int,
    distributor_id: int,
    *,
    consent_page: Link,
    actor: str,
    now: dt.datetime,
) -> None:
    """Ask the owners of a distributor whether somebody is their sales rep. The caller commits.

    Raises:
        ApplicationClosed: It was decided already.
        DistributorMissing: The programme has no such distributor.
        NobodyToAsk: The distributor has no owner.
    """
    application = _open(session, program.id, application_id)
    if _distributor(session, program.id, distributor_id) is None:
        raise DistributorMissing
    if not _owners(session, distributor_id):
        raise NobodyToAsk
    _ask(session, program, application, distributor_id, consent_page, now)
    after = {"distributor_id": distributor_id}
    audit.note(session, actor, "application.ask", application.login, now=now, program_id=program.id, after=after)


def waiting_for(session: Session, distributor_id: int) -> First[Waiting]:
    """List applications that wait for the consent of a distributor, oldest first."""
    waiting = (
        select(Application.id, Application.name, Application.login, Application.company, Application.created_at)
        .where(Application.distributor_id == distributor_id, Application.state == ApplicationState.CONSENT)
        .order_by(Application.id)
    )
    return first(session, waiting, MOST_WAITING, Waiting)


def consent(
    session: Session,
    program: Program,
    distributor_id: int,
    application_id: int,
    *,
    agrees: bool,
    by: Person,
    now: dt.datetime,
) -> None:
    """Agree to somebody's being a sales rep of a distributor, or decline: then they are refused. The caller commits.

    Raises:
        ApplicationClosed: Nobody of this distributor is asked about it any more.
    """
    application = _open(session, program.id, application_id)
    if application.distributor_id != distributor_id or application.state != ApplicationState.CONSENT:
        raise ApplicationClosed
    if not agrees:
        reason = texts.translated(texts.EMPLOYER_DECLINED, application.locale)
        _refuse(session, program, application, reason, by.login, now)
        return
    application.state = ApplicationState.NEW
    application.consent_by, application.consent_at = by.login, now
    session.flush()
    audit.note(session, by.login, "application.consent", application.login, now=now, program_id=program.id)


def accept(
    session: Session,
    program: Program,
    application_id: int,
    *,
    distributor_id: int | None,
    new_code: str = "",
    tax_id: str | None = None,
    group_id: int | None = None,
    employer_consent: bool,
    link: Link,
    actor: str,
    inviter: str,
    now: dt.datetime,
) -> int:
    """Accept an application: its distributor is created or linked, and the applicant is invited. The caller commits.

    Returns the distributor's id. ``tax_id`` is what a new distributor's is to be where it is corrected, empty for none;
    None: as it was applied with.

    Raises:
        ApplicationClosed: It was decided already.
        ConsentMissing: A rep whose employer has not agreed.
        DistributorMissing: No distributor was named for a rep, or the programme has no such.
        CodeTaken: The new distributor's code is another's.
        AlreadyThere: The applicant has the role already.
    """
    application = _open(session, program.id, application_id)
    if application.kind == REP:
        distributor_id = distributor_id or application.distributor_id
        if employer_consent and (
            application.consent_at is None or distributor_id not in (None, application.distributor_id)
        ):
            raise ConsentMissing
        if distributor_id is None:
            raise DistributorMissing
    corrected = {}
    if distributor_id is None:
        whose = application.tax_id if tax_id is None else tax_id.strip() or None
        corrected = {"tax_id": whose} if whose != application.tax_id else {}
        distributor_id = _create(session, program, application, new_code, whose, group_id, now)
        on = local_date(now, program.time_zone)
        events.happened(session, program.id, distributor_id, Event.REGISTRATION, "application", on, now=now)
    elif _distributor(session, program.id, distributor_id) is None:
        raise DistributorMissing
    invitations.invite(
        session,
        program,
        login=application.login,
        name=application.name,
        role=Role.REP if application.kind == REP else Role.OWNER,
        distributor_id=distributor_id,
        link=link,
        actor=actor,
        inviter=inviter,
        locale=application.locale,
        company=application.company,
        now=now,
    )
    application.distributor_id = distributor_id
    _decide(session, application, ApplicationState.ACCEPTED, actor, now)
    after = {"distributor_id": distributor_id, **corrected}
    audit.note(session, actor, "application.accept", application.login, now=now, program_id=program.id, after=after)
    return distributor_id


def refuse(
    session: Session, program: Program, application_id: int, reason: str, *, actor: str, now: dt.datetime
) -> None:
    """Refuse an application, and say why by mail. The caller commits.

    Raises:
        ApplicationClosed: It was decided already.
    """
    _refuse(session, program, _open(session, program.id, application_id), reason, actor, now)


def waiting(session: Session, program_id: int) -> int:
    """Count the applications that somebody of the programme has to look at."""
    return session.scalars(
        select(func.count())
        .select_from(Application)
        .where(Application.program_id == program_id, Application.state == ApplicationState.NEW)
    ).one()


def _ask(
    session: Session,
    program: Program,
    application: Application,
    distributor_id: int,
    consent_page: Link,
    now: dt.datetime,
) -> None:
    application.state, application.distributor_id = ApplicationState.CONSENT, distributor_id
    application.consent_by = application.consent_at = None
    session.flush()
    address = consent_page(str(distributor_id))
    for owner in _owners(session, distributor_id):
        messages.write(
            session,
            Kind.APPLICATION_CONSENT,
            owner.login,
            locale=owner.locale or program.locale,
            now=now,
            program=program,
            name=owner.name,
            applicant=application.name,
            login=application.login,
            company=application.company,
            link=address,
        )
        notices.tell(
            session,
            program.id,
            "application_consent",
            {"name": application.name},
            user_id=owner.id,
            address=f"/portal/{program.code}/{distributor_id}/applications",
            now=now,
        )


def _refuse(
    session: Session, program: Program, application: Application, reason: str, actor: str, now: dt.datetime
) -> None:
    application.reason = reason
    _decide(session, application, ApplicationState.REFUSED, actor, now)
    messages.write(
        session,
        Kind.APPLICATION_REFUSED,
        application.login,
        locale=application.locale,
        now=now,
        program=program,
        name=application.name,
        company=application.company,
        reason=reason,
    )
    audit.note(session, actor, "application.refuse", application.login, now=now, program_id=program.id, reason=reason)


def _decide(session: Session, application: Application, state: ApplicationState, actor: str, now: dt.datetime) -> None:
    application.state, application.decided_by, application.decided_at = state, actor, now
    session.flush()


def _create(
    session: Session,
    program: Program,
    application: Application,
    code: str,
    tax_id: str | None,
    group_id: int | None,
    now: dt.datetime,
) -> int:
    """Create the distributor that an application is about."""
    row = DistributorRow(
        code=code.strip(), name=application.company, group_id=group_id, tax_id=tax_id, country=program.country
    )
    return new_distributors.put(session, program, row, enrolled_on=local_date(now, program.time_zone))


def _open(session: Session, program_id: int, application_id: int) -> Application:
    found = session.scalars(
        select(Application)
        .where(Application.id == application_id, Application.program_id == program_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None or found.state not in OPEN:
        raise ApplicationClosed
    return found


def _distributor(session: Session, program_id: int, distributor_id: int) -> int | None:
    return session.scalars(
        select(Distributor.id).where(Distributor.id == distributor_id, Distributor.program_id == program_id)
    ).one_or_none()


def _employer(session: Session, program_id: int, tax_id: str) -> int | None:
    """Find the one distributor with a tax id; none where several have it."""
    wanted = tax_id_key(tax_id)
    if not wanted:
        return None
    found = session.scalars(
        select(Distributor.id)
        .where(Distributor.program_id == program_id, same_tax_id(Distributor.tax_id, wanted))
        .limit(2)
    ).all()
    return found[0] if len(found) == 1 else None


def _owners(session: Session, distributor_id: int) -> Sequence[UserAccount]:
    return session.scalars(
        select(UserAccount)
        .join(Membership, Membership.user_id == UserAccount.id)
        .where(Membership.distributor_id == distributor_id, Membership.role == Role.OWNER, UserAccount.active)
        .order_by(UserAccount.id)
    ).all()
