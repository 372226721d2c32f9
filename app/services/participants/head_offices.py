"""Head offices: which distributor is whose branch, what stands on the branches together, and who may not be one."""

from dataclasses import dataclass

from sqlalchemy import BigInteger, Integer, any_, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased

from app.db.questions import Question
from app.domain.documents.hierarchy import Misplaced, misplaced
from app.domain.states import Unit
from app.domain.typed.codes import code_key
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.services.ledger.counters import MERGED, counted

Office = aliased(Distributor, name="head_office")
"""The head office of a distributor, in queries that have both."""


class CannotStandBelow(ValueError):
    """A distributor cannot be a branch of this one; ``why`` tells the reason."""

    def __init__(self, why: Misplaced) -> None:
        """Take the reason."""
        self.why = why
        super().__init__(_WHY[why])


_WHY = {
    Misplaced.UNKNOWN: "The programme has no such head office.",
    Misplaced.ITSELF: "A distributor is not its own head office.",
    Misplaced.A_BRANCH: "The head office is a branch itself, and a branch has no branches.",
    Misplaced.HAS_BRANCHES: "This distributor has branches, so it cannot be a branch itself.",
}


def head_offices(session: Session, program_id: int) -> dict[str, str | None]:
    """Give every distributor of a programme with its head office, both by code key."""
    rows = session.execute(
        select(Distributor.code_key, Office.code_key)
        .outerjoin(Office, Office.id == Distributor.head_office_id)
        .where(Distributor.program_id == program_id)
    )
    return dict(rows.all())


def with_branches(session: Session, program_id: int) -> list[tuple[str, str]]:
    """Give the head offices of a programme that have branches, by name: (code, name).

    They are gathered first and then looked up: asked for each distributor, the question would cost half a second where
    the planner knows nothing yet of a programme that was just brought in.
    """
    offices = func.array(
        select(Distributor.head_office_id)
        .where(Distributor.program_id == program_id, Distributor.head_office_id.is_not(None))
        .distinct()
        .scalar_subquery(),
        type_=ARRAY(BigInteger),
    )
    rows = session.execute(
        select(Office.code, Office.name)
        .where(Office.program_id == program_id, Office.id == any_(offices))
        .order_by(Office.sort_key, Office.id)
    )
    return [(code, name) for code, name in rows]


def id_below(session: Session, program_id: int, distributor_id: int, code: str | None) -> int | None:
    """Give the id of the head office of this code, for a distributor that may be its branch; None where it has none.

    Call it within a change (`catalogue.begin_change`): two at once cannot make a head office of a branch.

    Raises:
        CannotStandBelow: It cannot be a branch of that one.
    """
    if code is None:
        return None
    rows = session.execute(select(Distributor.code_key, Distributor.id).where(Distributor.program_id == program_id))
    ids: dict[str, int] = dict(rows.all())
    own, office = next(key for key, id_ in ids.items() if id_ == distributor_id), code_key(code)
    wrong = misplaced(head_offices(session, program_id), {own: office})
    if wrong:
        raise CannotStandBelow(wrong[own])
    return ids[office]


@dataclass(frozen=True)
class Branch:
    """A branch, and what stands on its account."""

    id: int
    code: str
    name: str
    available: int
    pending: int
    earned: int


@dataclass(frozen=True)
class Together:
    """What stands on the accounts of all branches of a head office."""

    branches: int
    available: int
    pending: int
    earned: int


SHOWN = 10
"""Branches that a record shows; the list of distributors has them all."""


def first_branches(session: Session, distributor_id: int) -> list[Branch]:
    """Give the first branches of a distributor by name, with their points."""
    return [Branch(*row) for row in _FIRST.ask(session, head_office_id=distributor_id, most=SHOWN)]


def points_together(session: Session, distributor_id: int) -> Together:
    """Add up what stands on the accounts of a distributor's branches."""
    return Together(*_TOGETHER.first(session, head_office_id=distributor_id))


_POINTS = (Account.available, Account.pending, counted("earned"))
_OF = (Distributor.head_office_id == bindparam("head_office_id"), Account.unit == Unit.POINTS)
_FIRST = Question(
    select(Distributor.id, Distributor.code, Distributor.name, *_POINTS)
    .join(Account, Account.distributor_id == Distributor.id)
    .outerjoin(*MERGED)
    .where(*_OF)
    .order_by(Distributor.sort_key, Distributor.id)
    .limit(bindparam("most", type_=Integer))
)
_TOGETHER = Question(
    select(func.count(), *(cast(func.coalesce(func.sum(one), 0), BigInteger) for one in _POINTS))
    .select_from(Distributor)
    .join(Account, Account.distributor_id == Distributor.id)
    .outerjoin(*MERGED)
    .where(*_OF)
)
