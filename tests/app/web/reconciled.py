"""A statement of a card provider whose one booking differs from our books, for tests of pages."""

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.states import BookingKind, FindingKind
from app.models.prepaid import Redemption, TopUp
from app.models.programs import Program
from app.models.reconciling import ProviderStatement, StatementFinding, StatementLine


def put_statement(session: Session, program: Program, run_id: int, word: str, now: dt.datetime) -> dict[str, int]:
    """Make a statement that books the first load of a run, and what differs there; and one of which nothing is open.

    Gives their numbers by what they are.
    """
    loads = select(TopUp).join(Redemption, Redemption.id == TopUp.redemption_id).where(Redemption.run_id == run_id)
    top_up = session.scalars(loads.order_by(TopUp.id).limit(1)).one()
    statement, clear = (
        ProviderStatement(
            program_id=program.id,
            provider="sandbox",
            file_sha256=b"",
            from_on=now.date(),
            to_on=now.date(),
            lines=1,
            brought_by=f"{word}@x.example",
            brought_at=now,
        )
        for _ in range(2)
    )
    session.add_all([statement, clear])
    session.flush()
    line = StatementLine(
        statement_id=statement.id,
        row_number=2,
        kind=BookingKind.LOAD,
        reference=top_up.reference,
        booking=f"{word}-booking",
        amount_minor=top_up.amount_minor,
        booked_on=now.date(),
        top_up_id=top_up.id,
    )
    session.add(line)
    session.flush()
    known = {"statement_id": statement.id, "top_up_id": top_up.id, "ours": top_up.status.value}
    amounts = {"ours_minor": top_up.amount_minor, "theirs_minor": top_up.amount_minor}
    open_here = StatementFinding(kind=FindingKind.OPEN_HERE, line_id=line.id, theirs="1", **known, **amounts)
    missing = StatementFinding(kind=FindingKind.MISSING_THERE, **known, **amounts)
    session.add_all([open_here, missing])
    session.flush()
    return {
        "provider_statement": statement.id,
        "clear_statement": clear.id,
        "difference": open_here.id,
        "missing_difference": missing.id,
    }
