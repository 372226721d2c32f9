"""How a statement stands: what was compared, what differs, and what is looked at only with the next one."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, cast, false, func, or_, select
from sqlalchemy.orm import Session

from app.db.first import First, first
from app.domain.program_file.prepaid_settings import PrepaidPart
from app.domain.states import BookingKind, FindingKind, TopUpStatus
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.prepaid import Card, Redemption, TopUp
from app.models.programs import Program
from app.models.reconciling import ProviderStatement, StatementFinding, StatementLine
from prepaid.reconciling.both_sides import books
from prepaid.reconciling.judging import coverage


def differs(statement_id: int) -> ColumnElement[bool]:
    """Ask for the lines of a statement of which something differs; both lists are read once, not once a line."""
    finding = StatementFinding
    ids = [
        select(column).where(finding.statement_id == statement_id, column.is_not(None))
        for column in (finding.line_id, finding.top_up_id)
    ]
    of_top_up = func.coalesce(StatementLine.top_up_id.in_(ids[1]), false())
    return or_(StatementLine.id.in_(ids[0]), of_top_up)


@dataclass(frozen=True)
class Booked:
    """How many bookings of a kind there are, and what they come to."""

    count: int
    amount_minor: int


@dataclass(frozen=True)
class Differing:
    """How many differences of a kind are open and closed; the amounts are those of the open ones."""

    kind: FindingKind
    open: int
    closed: int
    ours_minor: int
    theirs_minor: int


@dataclass(frozen=True)
class Summary:
    """What a statement comes to.

    Attributes:
        matched: bookings of loads that agree with our books in everything.
        waiting: loads of ours of its last days, which the next statement may have as well.
        covered: the days that statements cover without a gap, up to its last.
    """

    statement: ProviderStatement
    booked: Mapping[BookingKind, Booked]
    differing: list[Differing]
    matched: int
    waiting: int
    covered: tuple[dt.date, dt.date]

    @property
    def open(self) -> int:
        """Count the open differences."""
        return sum(one.open for one in self.differing)


def summary(session: Session, program: Program, statement: ProviderStatement) -> Summary:
    """Tell how a statement stands."""
    line, finding = StatementLine, StatementFinding
    amount = cast(func.sum(line.amount_minor), BigInteger)
    booked = session.execute(
        select(line.kind, func.count(), amount).where(line.statement_id == statement.id).group_by(line.kind)
    )
    is_open = finding.answer.is_(None)
    differing = session.execute(
        select(
            finding.kind,
            func.count().filter(is_open),
            func.count().filter(~is_open),
            cast(func.coalesce(func.sum(finding.ours_minor).filter(is_open), 0), BigInteger),
            cast(func.coalesce(func.sum(finding.theirs_minor).filter(is_open), 0), BigInteger),
        )
        .where(finding.statement_id == statement.id)
        .group_by(finding.kind)
        .order_by(func.count().filter(is_open).desc(), finding.kind)
    )
    matched = session.scalar(
        select(func.count()).where(
            line.statement_id == statement.id,
            line.kind == BookingKind.LOAD,
            line.top_up_id.is_not(None),
            ~differs(statement.id),
        )
    )
    return Summary(
        statement,
        {kind: Booked(count, minor) for kind, count, minor in booked},
        [Differing(*row) for row in differing],
        matched or 0,
        _waiting(session, program, statement),
        coverage(session, statement),
    )


def _waiting(session: Session, program: Program, statement: ProviderStatement) -> int:
    """Count the loads that were answered so late that the next statement may have them."""
    ours, days = books(program), PrepaidPart.model_validate(program.prepaid).statements.days_apart
    booked = select(StatementLine.id).where(StatementLine.top_up_id == ours.c.id).exists()
    count = session.scalar(
        select(func.count())
        .select_from(ours)
        .where(
            ours.c.provider == statement.provider,
            ours.c.status == TopUpStatus.LOADED,
            ours.c.answered_on > statement.to_on - dt.timedelta(days=days),
            ours.c.answered_on <= statement.to_on,
            ~booked,
        )
    )
    return count or 0


@dataclass(frozen=True)
class Difference:
    """One difference, with the booking and the load that it is about."""

    finding: StatementFinding
    statement: ProviderStatement
    line: StatementLine | None
    top_up: TopUp | None
    card: Card | None
    distributor_id: int | None
    distributor_name: str | None
    others: First[StatementLine]


_MOST_SHOWN = 20


def difference(session: Session, finding_id: int) -> Difference:
    """Tell all about a difference. It is known to be there."""
    finding, statement, line, top_up, card, owner, name = session.execute(
        select(StatementFinding, ProviderStatement, StatementLine, TopUp, Card, Distributor.id, Distributor.name)
        .join(ProviderStatement, ProviderStatement.id == StatementFinding.statement_id)
        .outerjoin(StatementLine, StatementLine.id == StatementFinding.line_id)
        .outerjoin(TopUp, TopUp.id == StatementFinding.top_up_id)
        .outerjoin(Card, Card.id == TopUp.card_id)
        .outerjoin(Redemption, Redemption.id == TopUp.redemption_id)
        .outerjoin(Account, Account.id == Redemption.account_id)
        .outerjoin(Distributor, Distributor.id == Account.distributor_id)
        .where(StatementFinding.id == finding_id)
    ).one()
    others: First[StatementLine] = First()
    if finding.top_up_id is not None:
        of_top_up = select(StatementLine).where(StatementLine.top_up_id == finding.top_up_id)
        others = first(session, of_top_up.order_by(StatementLine.id), _MOST_SHOWN, lambda one: one)
    return Difference(finding, statement, line, top_up, card, owner, name, others)


def differences(
    session: Session, statement_id: int, *, closed: bool
) -> list[tuple[StatementFinding, str | None, str | None]]:
    """List the differences of a statement, each with its reference and its distributor; the open ones, or all."""
    found = (
        select(StatementFinding, func.coalesce(TopUp.reference, StatementLine.reference), Distributor.name)
        .outerjoin(StatementLine, StatementLine.id == StatementFinding.line_id)
        .outerjoin(TopUp, TopUp.id == StatementFinding.top_up_id)
        .outerjoin(Redemption, Redemption.id == TopUp.redemption_id)
        .outerjoin(Account, Account.id == Redemption.account_id)
        .outerjoin(Distributor, Distributor.id == Account.distributor_id)
        .where(StatementFinding.statement_id == statement_id)
        .order_by(StatementFinding.id)
    )
    rows = session.execute(found if closed else found.where(StatementFinding.answer.is_(None)))
    return [(finding, reference, name) for finding, reference, name in rows]


def newest(session: Session, program_id: int, limit: int = 20) -> list[tuple[ProviderStatement, int, int]]:
    """List the newest statements of a programme, each with how many differences are open and closed."""
    finding = StatementFinding
    rows = session.execute(
        select(
            ProviderStatement,
            func.count(finding.id).filter(finding.answer.is_(None)),
            func.count(finding.id).filter(finding.answer.is_not(None)),
        )
        .outerjoin(finding, finding.statement_id == ProviderStatement.id)
        .where(ProviderStatement.program_id == program_id)
        .group_by(ProviderStatement.id)
        .order_by(ProviderStatement.id.desc())
        .limit(limit)
    )
    return [(statement, open_, closed) for statement, open_, closed in rows]
