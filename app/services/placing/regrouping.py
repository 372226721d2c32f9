"""Which promotions look at groups and tiers: whoever moves is measured anew in those where it counts otherwise now.

A move touches the months of those whose sales it concerns, of the days on which its groups are others, in the
promotions that tell those groups apart, and nothing else. All that moves is told of in one statement.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from sqlalchemy import Date, FromClause, and_, cast, func, insert, or_, select, union
from sqlalchemy.orm import Session

from app.db.bulk import rows_of
from app.db.many import any_of
from app.domain.documents.catalogue import GroupTree
from app.domain.documents.sales import Flags
from app.domain.program_file.promotion_definition import Promotion as Definition
from app.domain.program_file.scope import Scope
from app.domain.promoting.promotion_terms import by_nearest
from app.domain.states import DocumentKind, DocumentStatus, PromotionState
from app.domain.typed.codes import code_key
from app.models.catalogue import Product, ProductGroup
from app.models.distributors import Distributor, DistributorGroup
from app.models.placements import DistributorPlacement, ProductPlacement
from app.models.promotions import Promotion, PromotionTouched, PromotionVersion
from app.models.sales import SalesDocument, SalesLine
from app.services.placing.trees import tree_of

Group: TypeAlias = int | None
Groups: TypeAlias = type[ProductGroup] | type[DistributorGroup]
Table: TypeAlias = "np.ndarray[Any, np.dtype[np.int64]]"
_MONTH = cast(func.date_trunc("month", SalesDocument.issued_on), Date)


@dataclass(frozen=True)
class Otherwise:
    """Who was in one group and is in another: of the days from the first until before the last (None: no end there)."""

    was: Group
    becomes: Group
    since: dt.date | None = None
    until: dt.date | None = None


@dataclass(frozen=True)
class Concern:
    """What counts otherwise to some promotions, on the days from the first until before the last (None: no end)."""

    ids: Sequence[int]
    promotion_ids: Sequence[int]
    since: dt.date | None = None
    until: dt.date | None = None


@dataclass(frozen=True)
class Looks:
    """How the published promotions of a programme look at groups: a table each, with a column for each group.

    Groups whose columns are the same are one and the same to a promotion; the last column is for who is in none.
    ``scopes`` have a row for each scope, ``targets`` one for the target.
    """

    scopes: Mapping[int, Table]
    targets: Mapping[int, Table]
    column: Mapping[Group, int]

    def told_apart(self, tables: Mapping[int, Table], one: Group, other: Group) -> list[int]:
        """Name the promotions to which two groups are not the same."""
        at, there = self.column.get(one, -1), self.column.get(other, -1)
        return [id_ for id_, looks in tables.items() if (looks[:, at] != looks[:, there]).any()]

    def other_than(self, before: "Looks") -> dict[int, list[int]]:
        """Name the groups at which each promotion looks otherwise than before."""

        def differs(group: int, one: Table, was: Table) -> bool:
            return bool((one[:, self.column[group]] != was[:, before.column.get(group, -1)]).any())

        return {
            id_: [
                group
                for group in self.column
                if group is not None
                and (
                    differs(group, looks, before.scopes[id_]) or differs(group, self.targets[id_], before.targets[id_])
                )
            ]
            for id_, looks in self.scopes.items()
        }


def looks_at(session: Session, program_id: int, model: Groups) -> Looks:
    """Find how the published promotions of a programme look at its groups of products, or of distributors."""
    definitions = _published(session, program_id)
    if not definitions:
        return Looks({}, {}, {})
    tree, position = tree_of(session, model, program_id)
    products = model is ProductGroup
    within = _at_products if products else _at_distributors
    return Looks(
        scopes={id_: np.asarray(within(one, tree), dtype=np.int64) for id_, one in definitions.items()},
        targets={id_: _targets(one, tree)[: 0 if products else 1] for id_, one in definitions.items()},
        column={None: -1} | dict(position),
    )


def _published(session: Session, program_id: int) -> dict[int, Definition]:
    rows = session.execute(
        select(Promotion.id, PromotionVersion.definition)
        .join(
            PromotionVersion,
            and_(PromotionVersion.promotion_id == Promotion.id, PromotionVersion.version == Promotion.version),
        )
        .where(Promotion.program_id == program_id, Promotion.state == PromotionState.PUBLISHED)
    )
    return {id_: Definition.model_validate(stored) for id_, stored in rows}


def _scopes(definition: Definition) -> list[Scope]:
    return [definition.scope, *(gate.scope for gate in definition.gates)]


def _at_products(definition: Definition, tree: GroupTree) -> list[Flags]:
    return [
        _marked(tree, one.product_groups, otherwise=True) & ~_marked(tree, one.exclude_product_groups, otherwise=False)
        for one in _scopes(definition)
    ]


def _at_distributors(definition: Definition, tree: GroupTree) -> list[Flags]:
    return [_marked(tree, one.distributor_groups, otherwise=True) for one in _scopes(definition)]


def _targets(definition: Definition, tree: GroupTree) -> Table:
    said = definition.target.groups if definition.target is not None else {}
    return by_nearest(tree, {code: at for at, code in enumerate(said, start=1)}).reshape(1, -1)


def _marked(tree: GroupTree, named: Sequence[str], *, otherwise: bool) -> Flags:
    """Mark the groups that a scope names, with those below them; ``otherwise``: what holds where it names none."""
    if not named:
        return np.full(len(tree.code) + 1, otherwise)
    return np.append(tree.with_descendants(tree.find(named)), False)


def touch_moved(
    session: Session,
    program_id: int,
    model: Groups,
    moved: Mapping[Otherwise, Sequence[int]],
    now_in: Mapping[tuple[Group, Group], Sequence[int]],
) -> None:
    """Say that products or distributors move. The caller commits.

    ``moved`` has those that are in another group on some days, ``now_in`` those that are in another one from now on:
    a target is that of the present group.
    """
    if not moved and not now_in:
        return
    looks = looks_at(session, program_id, model)
    elsewhere = [
        Concern(ids, looks.told_apart(looks.scopes, other.was, other.becomes), other.since, other.until)
        for other, ids in moved.items()
    ]
    targeted = [Concern(ids, looks.told_apart(looks.targets, was, becomes)) for (was, becomes), ids in now_in.items()]
    _touch_sales(session, model, elsewhere)
    _touch_standings(session, targeted if model is ProductGroup else [*elsewhere, *targeted])


@contextmanager
def watching(session: Session, program_id: int, model: Groups) -> Iterator[None]:
    """Let groups be put below others, or be called otherwise, and say whose sales that concerns. The caller commits."""
    before = looks_at(session, program_id, model)
    yield
    if not before.scopes:
        return
    looking: dict[int, list[int]] = defaultdict(list)
    for promotion_id, groups in looks_at(session, program_id, model).other_than(before).items():
        for group in groups:
            looking[group].append(promotion_id)
    concerns = [Concern(ids, looking[group]) for group, ids in _ever_in(session, model, list(looking)).items()]
    _touch_sales(session, model, concerns)
    if model is DistributorGroup:
        _touch_standings(session, concerns)


def _ever_in(session: Session, model: Groups, groups: Sequence[int]) -> dict[int, list[int]]:
    """Give what is or was in each of some groups."""
    thing, placed = (
        (Product, ProductPlacement.product_id)
        if model is ProductGroup
        else (Distributor, DistributorPlacement.distributor_id)
    )
    there = any_of(groups)
    now = select(thing.group_id, thing.id).where(thing.group_id == there)
    then = select(placed.class_.group_id, placed).where(placed.class_.group_id == there)
    found: dict[int, list[int]] = defaultdict(list)
    for group, id_ in session.execute(union(now, then)) if groups else ():
        found[group].append(id_)
    return found


def touch_tiers(
    session: Session, program_id: int, changes: Iterable[tuple[int, str | None, str | None]], since: dt.date | None
) -> None:
    """Say that distributors are in other tiers from a day on: (distributor, was, becomes). The caller commits."""
    changed = [(id_, _tier(was), _tier(becomes)) for id_, was, becomes in changes]
    concerns = []
    for promotion_id, definition in _published(session, program_id).items() if changed else ():
        named = [{code_key(tier) for tier in scope.tiers} for scope in _scopes(definition) if scope.tiers]
        ids = [id_ for id_, was, becomes in changed if any((was in one) != (becomes in one) for one in named)]
        concerns.append(Concern(ids, [promotion_id], since))
    _touch_sales(session, DistributorGroup, concerns)
    _touch_standings(session, concerns)


def _tier(code: str | None) -> str | None:
    return None if code is None else code_key(code)


def _laid(concerns: Iterable[Concern]) -> tuple[FromClause, FromClause] | None:
    """Lay out what concerns promotions, to join with: the things of each concern, and the promotions that look at them.

    None: nothing concerns any.
    """
    some = [one for one in concerns if len(one.ids) and len(one.promotion_ids)]
    if not some:
        return None
    things, looking = ([len(one.ids) for one in some], [len(one.promotion_ids) for one in some])

    def days(given: Iterable[dt.date]) -> Any:
        return np.repeat(np.asarray(list(given), dtype="datetime64[D]"), looking)

    return (
        rows_of(concern=np.repeat(np.arange(len(some)), things), thing=np.concatenate([list(one.ids) for one in some])),
        rows_of(
            concern=np.repeat(np.arange(len(some)), looking),
            promotion_id=np.concatenate([list(one.promotion_ids) for one in some]),
            since=days(one.since or dt.date.min for one in some),
            until=days(one.until or dt.date.max for one in some),
        ),
    )


def _touch_standings(session: Session, concerns: Iterable[Concern]) -> None:
    """Touch distributors whether they sold something or not: they may take part now, or have another target."""
    laid = _laid(concerns)
    if laid is None:
        return
    things, looking = laid
    session.execute(
        insert(PromotionTouched).from_select(
            ["promotion_id", "distributor_id", "month_on"],
            select(Promotion.id, things.c.thing, cast(func.date_trunc("month", Promotion.first_on), Date))
            .select_from(things)
            .join(looking, looking.c.concern == things.c.concern)
            .join(Promotion, Promotion.id == looking.c.promotion_id)
            .distinct(),
        )
    )


def _touch_sales(session: Session, model: Groups, concerns: Iterable[Concern]) -> None:
    """Touch the months in which those documents were issued that promotions count, or had in their base period.

    One statement for all that moves: the lines have no order by product, so they are read from end to end.
    """
    laid = _laid(concerns)
    if laid is None:
        return
    things, looking = laid
    selling: FromClause = things
    theirs = SalesDocument.distributor_id == things.c.thing
    if model is ProductGroup:
        selling = (
            select(things.c.concern, SalesLine.document_id)
            .join(SalesLine, SalesLine.product_id == things.c.thing)
            .distinct()
            .subquery()
        )
        theirs = SalesDocument.id == selling.c.document_id
    session.execute(
        insert(PromotionTouched).from_select(
            ["promotion_id", "distributor_id", "month_on"],
            select(Promotion.id, SalesDocument.distributor_id, _MONTH)
            .select_from(selling)
            .join(looking, looking.c.concern == selling.c.concern)
            .join(Promotion, Promotion.id == looking.c.promotion_id)
            .join(
                SalesDocument,
                and_(
                    theirs,
                    SalesDocument.program_id == Promotion.program_id,
                    SalesDocument.status == DocumentStatus.ACCEPTED,
                    SalesDocument.kind == DocumentKind.INVOICE,
                    SalesDocument.issued_on >= looking.c.since,
                    SalesDocument.issued_on < looking.c.until,
                    or_(
                        SalesDocument.issued_on.between(Promotion.first_on, Promotion.last_on),
                        SalesDocument.issued_on.between(Promotion.base_first_on, Promotion.base_last_on),
                    ),
                ),
            )
            .distinct(),
        )
    )
