"""Erasing a person: asked for by themselves, carried out by an administrator.

What names or reaches them is replaced or removed, and they sign in no more. What the ledger and the law need stays: who
did what to points and money (the audit log, decisions, the ledger), the acceptance of terms, and the sponsor's own
sales documents.
"""

import datetime as dt
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    delete,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session, aliased

from app.domain.roles import Permission, Person, Role, may
from app.domain.states import ApplicationState, ClaimState, MessageState, OrderState
from app.models.claims import Attachment, Claim, SaleClaim
from app.models.desk import SavedView
from app.models.distributors import Distributor
from app.models.joining import Application, Invitation
from app.models.messages import Message, Notice, NoticeSeen
from app.models.orders import BasketItem, RewardOrder
from app.models.people import Membership, UserAccount
from app.models.purchases import PurchaseCredit
from app.models.sales import SalesDocument
from app.models.signing_in import OneTimeSecret, Passkey, RecoveryCode, SignInSession
from app.services import audit
from app.services.access import memberships, people
from app.services.access.erasure_requests import ERASED
from app.services.persons.sellers import OF_THE_SALE
from app.services.same_person import own_names


class OwnsThePlatform(people.PeopleError):
    """An owner of the platform is not erased: others have to take that from them first."""


class RolesElsewhere(people.PeopleError):
    """They have roles where whoever erases them has no say: an owner of the platform does it."""


_OVER = RewardOrder.state.in_((OrderState.DELIVERED, OrderState.CANCELLED))


def _erased_login(user_id: int | str) -> str:
    return f"erased-{user_id}@erased.invalid"


def erase(session: Session, user_id: int, *, by: Person, reason: str, now: dt.datetime) -> bool:
    """Erase a person. False where there is nobody with this id. The caller commits.

    Raises:
        OwnRole: It is themselves.
        OwnsThePlatform: They own the platform.
        RolesElsewhere: They have a role in a programme whose people ``by`` does not manage.
    """
    user = session.get(UserAccount, user_id, with_for_update=True, populate_existing=True)
    if user is None:
        return False
    if user.id == by.id:
        raise memberships.OwnRole
    if user.platform_owner:
        raise OwnsThePlatform
    programs = sorted(set(session.scalars(select(Membership.program_id).where(Membership.user_id == user_id))))
    if not all(may(by, Permission.MANAGE_PEOPLE, program_id) for program_id in programs) or (
        not programs and not by.platform_owner
    ):
        raise RolesElsewhere
    names, phone = own_names(session, user), user.phone
    name = f"#{user.id}"
    user.login, user.name, user.active = _erased_login(user.id), name, False
    user.password_hash = user.phone = user.phone_proven_at = user.locale = user.theme = None
    user.totp_secret = user.totp_since = user.totp_last_step = None
    session.flush()
    _own_accounts(session, user_id, name)
    for known in names:
        _named(session, user_id, known, name)
    for model in (
        Membership,
        Passkey,
        RecoveryCode,
        OneTimeSecret,
        SignInSession,
        SavedView,
        NoticeSeen,
        Notice,
        BasketItem,
    ):
        session.execute(_of(model, user_id))
    _told_of(session, user_id, name)
    _letters(session, [*names, *([phone] if phone else [])], user.login)
    for known in names:
        _joining(session, known, user.login, name, actor=by.login, now=now)
        _registered(session, known, user.login)
        _ordered(session, known, user.login)
    for program_id in programs or (None,):
        audit.note(
            session,
            by.login,
            ERASED,
            user.login,
            now=now,
            program_id=program_id,
            after={"user_id": user.id},
            reason=reason,
        )
    return True


def _of(model: Any, user_id: int) -> Any:
    return delete(model).where(model.user_id == user_id).execution_options(synchronize_session=False)


def _own_accounts(session: Session, user_id: int, name: str) -> None:
    """Take them out of accounts of their own, and of records that were merged into those.

    Points and tax stay with a number, and no document means it any more.
    """
    theirs = select(Membership.distributor_id).where(Membership.user_id == user_id, Membership.role == Role.PERSON)
    session.execute(
        update(Distributor)
        .where(or_(Distributor.id.in_(theirs), Distributor.merged_into_id.in_(theirs)))
        .values(
            name=name,
            sort_key=name,
            person_key=func.concat(name, ":", Distributor.id),
            birthday_on=None,
            city=None,
            region=None,
        )
        .execution_options(synchronize_session=False)
    )


def _named(session: Session, user_id: int, login: str, name: str) -> None:
    """Take them out of invoices that were registered for them, and of sales that were said to be theirs.

    Where somebody else of the company is called as they were, it may mean either, and stays; so does what the sponsor's
    own files say.
    """
    called, namesake = func.lower(func.trim(Membership.known_as)), aliased(Membership)
    others = select(namesake.id).where(
        namesake.distributor_id == Membership.distributor_id,
        namesake.user_id != user_id,
        func.lower(func.trim(namesake.known_as)) == called,
    )

    def means(named: Any, company_id: Any) -> ColumnElement[bool]:
        seat = select(Membership.id).where(
            Membership.user_id == user_id,
            Membership.distributor_id == company_id,
            or_(named == login, and_(named == called, ~others.exists())),
        )
        return seat.exists()

    bears, no_sync = func.lower(func.trim(SalesDocument.person)), {"synchronize_session": False}
    claims = (
        select(Claim.id).where(Claim.document_id == SalesDocument.id).exists(),
        select(SaleClaim.id).where(OF_THE_SALE, SaleClaim.person_key == bears).correlate(SalesDocument).exists(),
    )
    by_claim = (means(bears, SalesDocument.distributor_id), or_(*claims))
    session.execute(update(SalesDocument).where(*by_claim).values(person=name).execution_options(**no_sync))
    registered = means(func.lower(func.trim(Claim.person)), Claim.distributor_id)
    session.execute(update(Claim).where(registered).values(person=name).execution_options(**no_sync))
    sale = select(SalesDocument.id).where(OF_THE_SALE, means(SaleClaim.person_key, SalesDocument.distributor_id))
    said = update(SaleClaim).where(sale.correlate(SaleClaim).exists())
    key = func.concat(name, ":", SaleClaim.id)
    session.execute(said.values(person=name, person_key=key).execution_options(**no_sync))


def _told_of(session: Session, user_id: int, name: str) -> None:
    """Take their name out of what others were told of them."""
    of_them = Notice.parts["user_id"].as_integer() == user_id
    anonymous = Notice.parts.op("||")(func.jsonb_build_object("name", name))
    session.execute(update(Notice).where(of_them).values(parts=anonymous).execution_options(synchronize_session=False))


def _letters(session: Session, reached: list[str], instead: str) -> None:
    """Empty what was written to them; what has not gone out does not go out any more."""
    to_them = Message.to.in_(reached)
    session.execute(
        update(Message)
        .where(to_them, Message.state.in_((MessageState.WAITING, MessageState.HELD)))
        .values(state=MessageState.FAILED)
    )
    session.execute(update(Message).where(to_them).values(to=instead, subject=None, body=""))


def _joining(session: Session, login: str, instead: str, name: str, *, actor: str, now: dt.datetime) -> None:
    """Take them out of invitations and applications; what is still open is closed."""
    open_invitations = (Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None))
    session.execute(update(Invitation).where(Invitation.login == login, *open_invitations).values(withdrawn_at=now))
    session.execute(update(Invitation).where(Invitation.login == login).values(login=instead, name=name))
    session.execute(
        update(Application)
        .where(
            Application.login == login,
            Application.state.in_((ApplicationState.NEW, ApplicationState.CONSENT)),
        )
        .values(state=ApplicationState.REFUSED, decided_by=actor, decided_at=now)
    )
    session.execute(
        update(Application)
        .where(Application.login == login)
        .values(login=instead, name=name, phone=None, address=None, answers={})
    )


def _registered(session: Session, login: str, instead: str) -> None:
    """Forget the invoices that they had not sent yet; those that are sent are the distributor's."""
    session.execute(delete(Claim).where(Claim.author == login, Claim.state == ClaimState.DRAFT))
    session.execute(update(Claim).where(Claim.author == login).values(author=instead, device_sha256=None))
    session.execute(update(SaleClaim).where(SaleClaim.claimed_by == login).values(claimed_by=instead))
    session.execute(update(Attachment).where(Attachment.added_by == login).values(added_by=instead))


def _ordered(session: Session, login: str, instead: str) -> None:
    """Forget where what they ordered went; what is still on its way keeps its address until it has arrived."""
    theirs, credit = RewardOrder.placed_by == login, PurchaseCredit
    session.execute(update(RewardOrder).where(theirs, _OVER).values(note=None))
    session.execute(update(RewardOrder).where(theirs).values(placed_by=instead))
    session.execute(update(RewardOrder).where(RewardOrder.address_by == login).values(address_by=instead))
    forget_arrived(session)
    session.execute(update(credit).where(credit.asked_by == login).values(asked_by=instead))
    session.execute(update(credit).where(credit.ended_by == login).values(ended_by=instead))


def forget_arrived(session: Session) -> None:
    """Forget where goods went of whoever is erased, as soon as nothing is on its way any more. The caller commits."""
    erased = text("address_by LIKE 'erased-%@erased.invalid'")  # as its index says it
    session.execute(update(RewardOrder).where(erased, _OVER).values(address=None, address_by=None, note=None))
