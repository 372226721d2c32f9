"""What events earn: columns of what happened in, columns of awards out (rules.md 2, `event`; 3 and 4 as for sales)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from app.domain.documents.sales import UNKNOWN, Documents, Flags, Texts
from app.domain.measures.calendar import weekday_of
from app.domain.measures.exact import Ints, order_of
from app.domain.rules.caps import CapUsage, apply_caps
from app.domain.rules.rulebook import CompiledRule, RuleBook
from app.domain.rules.stacking import Candidates, survivors
from app.domain.states import Cut, DocumentKind, Event, Unit
from app.domain.typed.codes import code_key

BY_HAND = (Event.BIRTHDAY, Event.SURVEY, Event.TRAINING, Event.REVIEW, Event.REFERRAL, Event.CUSTOM)
"""Events that people tell of: on a page, by a file, by command. The others the house sees itself."""


@dataclass(frozen=True)
class Happened:
    """What happened, in the order of its days. Columns of equal length.

    ``event`` names an `app.domain.states.Event`, ``about`` says which (or None), ``on`` is ``datetime64[D]``.
    ``had`` is what was given for one of them before and is kept, by its position and unit: it is given the rest.
    """

    distributor_id: Ints
    event: Texts
    about: Texts
    on: npt.NDArray[np.datetime64]
    had: Mapping[int, Mapping[Unit, int]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Count what happened."""
        return len(self.distributor_id)

    def as_documents(self) -> Documents:
        """Give each as the document that caps would count: of a distributor, on a day."""
        count = len(self)
        nothing = np.full(count, None, dtype=object)
        return Documents(
            distributor_id=self.distributor_id,
            kind=np.full(count, DocumentKind.INVOICE, dtype=np.int8),
            number=nothing,
            issued_on=self.on,
            minute=np.full(count, UNKNOWN, dtype=np.int16),
            corrects=nothing,
            outlet=nothing,
            channel=nothing,
            person=nothing,
        )


@dataclass(frozen=True)
class EventAwards:
    """What was earned: positions of the event and of the rule, the amount given, and the amount before it was cut."""

    event: Ints
    rule: Ints
    amount: Ints
    uncut: Ints
    cut_by: npt.NDArray[np.int8]

    def __len__(self) -> int:
        """Count the awards."""
        return len(self.event)


def award_events(book: RuleBook, happened: Happened, usage: CapUsage) -> EventAwards:
    """Compute what events earn: each rule once per event, then stacks, less what was had before, then caps.

    Multipliers multiply what a line of sales has, so they leave events alone. ``usage`` is added to.
    """
    events: list[Ints] = []
    rules: list[Ints] = []
    amounts: list[Ints] = []
    for at, rule in enumerate(book.rules):
        if rule.kind != "event" or rule.points <= 0:
            continue
        found = np.flatnonzero(_in_scope(book, rule, happened))
        events.append(found)
        rules.append(np.full(len(found), at, dtype=np.int64))
        amounts.append(np.full(len(found), rule.points, dtype=np.int64))
    none = np.zeros(0, dtype=np.int64)
    event, rule_at, amount = (np.concatenate([none, *columns]) for columns in (events, rules, amounts))
    if len(event):
        kept = survivors(book, Candidates(event, rule_at, amount))
        event, rule_at, amount = event[kept], rule_at[kept], amount[kept]
    order = order_of(event, rule_at)
    event, rule_at, amount = event[order], rule_at[order], amount[order]
    given = _less_what_is_had(book, happened, event, rule_at, amount)
    cut_by = np.where(given < amount, Cut.HAD, Cut.NOTHING).astype(np.int8)
    documents = happened.as_documents()
    for at in np.unique(rule_at).tolist():
        if book.rules[at].caps is not None:
            mine = np.flatnonzero(rule_at == at)
            given[mine], capped = apply_caps(book.rules[at], given[mine], event[mine], documents, usage)
            cut_by[mine] = np.where(capped, capped, cut_by[mine])
    return EventAwards(event, rule_at, given, amount, cut_by)


def _less_what_is_had(book: RuleBook, happened: Happened, event: Ints, rule_at: Ints, amount: Ints) -> Ints:
    """Take from what each event earns, rule by rule, what was given for it before and is kept."""
    given = amount.copy()
    kept = {at: dict(amounts) for at, amounts in happened.had.items()}
    for at in np.flatnonzero(np.isin(event, list(kept))).tolist():
        mine, unit = kept[int(event[at])], book.rules[int(rule_at[at])].unit
        less = min(mine.get(unit, 0), int(given[at]))
        given[at] -= less
        mine[unit] = mine.get(unit, 0) - less
    return given


def _in_scope(book: RuleBook, rule: CompiledRule, happened: Happened) -> Flags:
    """Mark the events that a rule rewards."""
    scope, on = rule.scope, happened.on
    marks: Flags = (happened.event == rule.event).astype(bool) & (on >= book.starts_on)
    if book.ends_on is not None:
        marks &= on <= book.ends_on
    if rule.judges_from is not None:
        marks &= on >= rule.judges_from
    if rule.judges_until is not None:
        marks &= on < rule.judges_until
    if scope.from_ is not None:
        marks &= on >= scope.from_
    if scope.until is not None:
        marks &= on <= scope.until
    if scope.weekdays is not None:
        marks &= np.isin(weekday_of(on), list(scope.weekdays))
    if scope.days is not None:
        marks &= np.isin(on, scope.days)
    if scope.distributors is not None:
        marks &= scope.distributors[book.catalogue.distributors(happened.distributor_id, on)]
    if rule.about is not None:
        marks &= np.asarray([one is not None and code_key(one) in rule.about for one in happened.about], dtype=bool)
    return marks
