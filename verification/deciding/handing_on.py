"""What a first purchase brought goes to the next one, where the first counts no more (decision 8).

The next is counted once more, as another wording of itself: it may be first in what rules ask of it beside, and compete
with other rules of its stack.
"""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.many import any_of
from app.domain.rules.program_rules import ProgramRules
from app.domain.saying.movement_notes import FIRST_PURCHASE
from app.domain.states import COUNTING
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.services.counting import first_purchases
from app.services.counting.awards import would_award
from app.services.ledger.movements import single
from verification import sale_claims
from verification.deciding.recounting import Expired, count_once_more
from verification.deciding.replacing import GoodsReturned
from verification.stored import incoming_of


def hand_on_first_purchases(
    session: Session,
    program: Program,
    rules: ProgramRules,
    document_ids: Sequence[int],
    *,
    now: dt.datetime,
    actor: str | None,
) -> None:
    """Let others be first where these documents were, which count no more; nobody has it twice.

    What expired stays as it is, and what was returned with something that sold goods which went back in their turn. The
    caller locked the wallets of the distributors, and commits.
    """
    if not document_ids or not first_purchases.rewarded(rules.book):
        return
    of = select(SalesDocument.distributor_id)
    lost = of.where(SalesDocument.id == any_of(document_ids), SalesDocument.status.not_in(COUNTING))
    who = set(session.scalars(first_purchases.with_award(rules.book, lost)))
    counting = of.where(SalesDocument.distributor_id == any_of(sorted(who)), SalesDocument.status.in_(COUNTING))
    who -= set(session.scalars(first_purchases.with_award(rules.book, counting))) if who else set()
    if not who:
        return
    documents = session.scalars(
        select(SalesDocument)
        .where(SalesDocument.id == any_of(first_purchases.earliest_of(session, who)))
        .order_by(SalesDocument.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for document in documents:
        if _brings_something(session, rules, document):
            try:
                with session.begin_nested():
                    count_once_more(
                        session,
                        program,
                        rules,
                        document,
                        now=now,
                        actor=actor or "",
                        reason=FIRST_PURCHASE,
                        with_returns=True,
                        though_spent=True,
                    )
            except (Expired, GoodsReturned):
                continue


def _brings_something(session: Session, rules: ProgramRules, document: SalesDocument) -> bool:
    """Tell whether it would be given something for being first: rules may ask more of a sale than that.

    What waits to be claimed is given it then.
    """
    if sale_claims.waits(document):
        return False
    would = would_award(session, rules, incoming_of(session, [document]).sales, single(document.id))
    return any(rules.book.rules[at].scope.first_purchase for at in set(would.rule[would.amount > 0].tolist()))
