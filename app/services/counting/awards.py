"""Documents count: rules award, returns take back, the ledger posts. One function for one invoice and for a shard."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from sqlalchemy.orm import Session

from app.db.bulk import copy_into
from app.domain.documents.sales import Flags, Sales
from app.domain.measures.calendar import local_date
from app.domain.measures.exact import Ints, sums_by
from app.domain.points.returns import Matches
from app.domain.rules.caps import CapUsage
from app.domain.rules.earning import Awards, award
from app.domain.rules.program_rules import ProgramRules
from app.domain.rules.rulebook import RuleBook
from app.domain.states import COUNTING, DocumentStatus, Unit
from app.models.sales import Award
from app.services.anew.touched import touch
from app.services.counting import earlier_wordings
from app.services.counting.award_posting import Given, Movements, plan_movements
from app.services.counting.cap_usage import store_usage, usage_before, usage_now
from app.services.counting.earlier_wordings import EarlierWordings
from app.services.counting.first_purchases import first_to_be
from app.services.counting.returns import Reversals, take_back
from app.services.counting.splitting import Sharing
from app.services.ledger import expiring
from app.services.ledger.accounts import Wallets, lock_wallets
from app.services.ledger.posting import Posting, ask_open_from, post
from app.services.persons import rosters
from app.services.timing import stage


@dataclass(frozen=True)
class Gave:
    """What one rule gave: how much of its unit, and to how many lines."""

    amount: int
    lines: int


@dataclass
class Counted:
    """What counting documents came to; ``forgiven`` by returning document and unit, ``by_rule`` by code and unit."""

    awarded: dict[Unit, int] = field(default_factory=lambda: dict.fromkeys(Unit, 0))
    reversed: dict[Unit, int] = field(default_factory=lambda: dict.fromkeys(Unit, 0))
    forgiven: dict[tuple[int, Unit], int] = field(default_factory=dict)
    matches: Matches = field(default_factory=Matches)
    by_rule: dict[tuple[str, Unit], Gave] = field(default_factory=dict)

    def note(self, unit: Unit, given: Given, reversals: Reversals, forgiven: Mapping[int, int]) -> None:
        """Note what was given and taken back in one unit."""
        self.awarded[unit] = int(given.amount.sum())
        self.reversed[unit] = int(reversals.amount.sum()) - sum(forgiven.values())
        self.forgiven |= {(document_id, unit): lost for document_id, lost in forgiven.items()}


def count_documents(
    session: Session,
    rules: ProgramRules,
    sales: Sales,
    document_ids: Ints,
    status: Ints,
    *,
    now: dt.datetime,
    actor: str | None = None,
    wallets: dict[Unit, Wallets] | None = None,
    waits: Flags | None = None,
    written: Flags | None = None,
) -> Counted:
    """Award documents that have just been stored, take back what their returns take back, and post both.

    Accepted documents give available points (pending while the programme lets them cool off), documents in review
    pending ones, refused ones nothing. A document that returns what nobody sold goes to review (rules.md 6). The caller
    commits.

    Args:
        session: the caller's transaction; wallets of the distributors are locked in it.
        rules: the programme's compiled rules.
        sales: the documents in counting order.
        document_ids: the id of each.
        status: ``DocumentStatus`` of each.
        now: the instant of posting: lots expire counted from its date.
        actor: who caused it; None: the machine.
        wallets: those of the distributors, where they were locked and nothing was posted since.
        waits: marks the sales that earn nothing until somebody claims them; none: no sale does.
        written: marks the documents that were stored; of the others, of a trial, nothing is written. None: all were.
    """
    counts = np.isin(status, COUNTING)
    waits = np.zeros(len(sales.documents), dtype=bool) if waits is None else waits
    written = np.ones(len(sales.documents), dtype=bool) if written is None else written
    if not counts.all():
        sales, document_ids, status, waits = sales.select(counts), document_ids[counts], status[counts], waits[counts]
        written = written[counts]
    result = Counted()
    if not len(document_ids):
        return result
    who = sales.documents.distributor_id
    roster = rosters.roster_of(session, who) if rules.has_people else rosters.NOBODY
    wallets = wallets or lock_wallets(session, np.union1d(who, roster.ids))
    opened = ask_open_from(session, rules.program_id)
    usage = usage_before(session, rules.book.of_sales, sales.documents)
    first = first_to_be(session, rules.book, sales, document_ids)
    with stage("rules"):
        awards = _earned(rules.book, sales, first, usage, waits)
    document, terms = sales.lines.document[awards.line], rules.book.terms_ids[awards.rule]
    locked = wallets[Unit.POINTS].distributor_ids
    sharing = Sharing.of(session, rules, roster, sales.documents, document_ids, locked)
    awards = replace(awards, amount=sharing.grow(awards.amount, document))
    result.by_rule = _by_rule(rules.book, awards)
    with stage("store awards"):
        _store_awards(session, rules.book, sales, document_ids, awards, written)
        store_usage(session, usage)
    sharing.note(session, document_ids, np.unique(document[written[document]]))
    with stage("returns"):
        reversals, result.matches = take_back(session, sales, document_ids)
        reversals = sharing.take_back(session, document_ids, reversals)
        _write_off(session, rules, wallets, sales, sharing, reversals, now)
    status = np.where(_without_sale(result.matches, document_ids), DocumentStatus.REVIEW, status)
    # where everybody may owe and always might, all was given back that was asked for: nothing is left there
    ids = document_ids[written].tolist()
    earlier = earlier_wordings.of(session, ids) if rules.lets_go else EarlierWordings()
    posting = Posting(rules.program_id, actor=actor, today=local_date(now, rules.time_zone))
    for unit in Unit:
        mine = rules.book.units[awards.rule] == unit if len(awards) else np.zeros(0, dtype=bool)
        given = sharing.divide(Given.of(document[mine], terms[mine], awards.amount[mine], who))
        posted = given.only(written[given.document])
        movements = Movements(sales, document_ids, status, posted, reversals.of(unit))
        forgiven = plan_movements(session, rules, wallets[unit], movements, posting, earlier, now)
        result.note(unit, given, movements.reversals, forgiven)
    with stage("ledger"):
        post(session, posting, opened)
    touch(session, rules.program_id, document_ids[written].tolist())
    return result


def _earned(book: RuleBook, sales: Sales, first: Flags, usage: CapUsage, waits: Flags) -> Awards:
    """Compute what documents earn, but for those that wait."""
    if not waits.any():
        return award(book, sales, first, usage)
    lines = np.flatnonzero(~waits[sales.lines.document])
    awards = award(book, sales.select(~waits), first[~waits], usage)
    return replace(awards, line=lines[awards.line])


def would_award(session: Session, rules: ProgramRules, sales: Sales, document_ids: Ints | None = None) -> Awards:
    """Compute what documents would earn if they counted now. Nothing is stored, and nobody is waited for.

    ``document_ids`` are those of documents that are stored, and would count once more.
    """
    if document_ids is None:
        document_ids = np.full(len(sales.documents), np.iinfo(np.int64).max - 1, dtype=np.int64)
    first = first_to_be(session, rules.book, sales, document_ids)
    return award(rules.book, sales, first, usage_now(session, rules.book.of_sales, sales.documents))


def _without_sale(matches: Matches, document_ids: Ints) -> Flags:
    """Mark the documents of which a returned line met no sale, or not enough of one."""
    unsold = {line.document for line, _ in matches.unmatched}
    return np.isin(document_ids, list(unsold))


def _write_off(
    session: Session,
    rules: ProgramRules,
    wallets: Mapping[Unit, Wallets],
    sales: Sales,
    sharing: Sharing,
    reversals: Reversals,
    now: dt.datetime,
) -> None:
    """Write off what has expired on the accounts that give something back: it can pay for nothing.

    Where points end by idleness, on all: what ended must not come to life again because they are idle no more.
    """
    owners = reversals.owner_id
    if rules.may_end_idle:
        owners = np.concatenate([owners, sales.documents.distributor_id, sharing.person_id])
    if owners.size:
        accounts = np.concatenate([one.of(np.unique(owners)) for one in wallets.values()])
        expiring.write_off(session, rules.program_id, local_date(now, rules.time_zone), accounts.tolist())


def _by_rule(book: RuleBook, awards: Awards) -> dict[tuple[str, Unit], Gave]:
    """Add up what each rule gave."""
    rules = len(book.rules)
    lines, amount = np.bincount(awards.rule, minlength=rules), sums_by(awards.rule, awards.amount, rules)
    found: dict[tuple[str, Unit], Gave] = {}
    for at in np.flatnonzero(lines).tolist():  # versions of a rule follow one another within a year
        key = book.rules[at].code, book.rules[at].unit
        before = found.get(key, Gave(0, 0))
        found[key] = Gave(before.amount + int(amount[at]), before.lines + int(lines[at]))
    return found


def _store_awards(
    session: Session, book: RuleBook, sales: Sales, document_ids: Ints, awards: Awards, written: Flags
) -> None:
    if not written.all():
        awards = awards.only(written[sales.lines.document[awards.line]])
    if not len(awards):
        return
    copy_into(
        session,
        Award,
        {
            "document_id": document_ids[sales.lines.document[awards.line]],
            "line_number": sales.lines.line_number[awards.line],
            "rule_version_id": book.version_ids[awards.rule],
            "unit": book.units[awards.rule],
            "amount": awards.amount,
            "uncut": awards.uncut,
            "set_amount": awards.set_amount,
            "basis": awards.basis,
            "cell": awards.cell,
            "cut_by": awards.cut_by,
        },
    )
