"""What of a distributor somebody sees as their own: an owner everything, a sales rep what bears their name.

The name is the one that came with the role, from whoever gave it: by another name in their profile nobody sees more.
An owner sees everything of their branches as well, without being one of theirs.
"""

from sqlalchemy import ColumnElement, func, or_, select

from app.domain.roles import Permission, Person, may
from app.models.claims import SaleClaim
from app.models.sales import SalesDocument
from app.web.context import OneDistributor, distributor_here, person, scope


def sees_all(who: Person, program_id: int, distributor_id: int, head_office_id: int | None = None) -> bool:
    """Tell whether somebody sees all of a distributor's documents, or their own alone."""
    return may(who, Permission.SEE_STATEMENT, program_id, distributor_id, head_office_id)


def at_home_in(who: Person, distributor: OneDistributor) -> int:
    """Give whose portal somebody is in on a page about a distributor: its own, or that of the head office it is below.

    Who comes from the head office stays in that one's portal: a branch is a page of it.
    """
    theirs = {seat.distributor_id for seat in who.seats}
    office = distributor.head_office_id
    return office if office is not None and office in theirs and distributor.id not in theirs else distributor.id


def is_own(who: Person, distributor_id: int, named: str | None) -> bool:
    """Tell whether a document of a distributor that names a person is theirs: by sign-in name or by name."""
    return named is not None and named.strip().lower() in _names(who, distributor_id)


def own_names(who: Person, program_id: int, distributor_id: int, head_office_id: int | None = None) -> list[str] | None:
    """Give the names, in lower case, by which somebody's own things are known; None for whoever sees everything."""
    return None if sees_all(who, program_id, distributor_id, head_office_id) else _names(who, distributor_id)


def _names(who: Person, distributor_id: int) -> list[str]:
    known = {
        seat.known_as.strip().lower() for seat in who.seats if seat.distributor_id == distributor_id and seat.known_as
    }
    return [who.login.lower(), *sorted(known)]


def own_documents_only() -> tuple[ColumnElement[bool], ...]:
    """Give the condition under which a document of the page's distributor is shown to whoever is signed in."""
    here, of = scope(), distributor_here()
    names = own_names(person(), here.program.id, of.id, of.head_office_id)
    if names is None:
        return ()
    claimed = select(SaleClaim.id).where(
        SaleClaim.program_id == SalesDocument.program_id,
        SaleClaim.document_key == SalesDocument.document_key,
        SaleClaim.person_key.in_(names),
    )
    named = func.lower(func.trim(SalesDocument.person)).in_(names)
    return (or_(named, claimed.correlate(SalesDocument).exists()),)
