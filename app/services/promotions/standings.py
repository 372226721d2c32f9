"""Standings: reckoned from sums by month for some participants, stored together, ranked, and read to be paid."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, ColumnElement, Integer, and_, cast, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session, aliased

from app.db.bulk import read_columns, rows_of
from app.db.many import any_of
from app.domain.measures.exact import Ints
from app.domain.promoting.promotion_measuring import Measured, totals_of
from app.domain.promoting.promotion_terms import CompiledPromotion
from app.domain.promoting.promotions import Standings, Totals, changes, furthest_first, parted, ranked, standings_of
from app.domain.typed.codes import code_key
from app.models.distributors import Distributor, DistributorGroup
from app.models.promotions import Promotion, PromotionMonth, PromotionStanding, PromotionTarget
from app.services.persons.rosters import BLOCKED_NOW


@dataclass(frozen=True)
class Placed:
    """Those whose standings were made: the standing, and how many steps it has reached behind open gates."""

    standing_id: Ints
    step: Ints


@dataclass(frozen=True)
class _Participants:
    """Who takes part, by distributor and person."""

    distributor_id: Ints
    person: list[str]

    def __len__(self) -> int:
        return len(self.person)


def place(
    session: Session,
    promotion: Promotion,
    definition: CompiledPromotion,
    distributor_ids: Ints | None,
    now: dt.datetime,
) -> Placed:
    """Make the standings of distributors anew from their months; None: of everybody who may take part."""
    participants, totals = _totals(session, promotion.id, definition, distributor_ids)
    if not len(participants):
        return Placed(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    own, of_group = targets_of(session, promotion.program_id, promotion.id, definition, participants.distributor_id)
    made = standings_of(definition.terms, totals, own, of_group)
    return _store(session, promotion, participants, made, now)


def may_take_part(definition: CompiledPromotion) -> Ints:
    """Name the companies that a promotion is for, by id, rising; what their people sell is theirs.

    One that was merged into another takes no part: what it sold is the other's.
    """
    catalogue, mask = definition.book.catalogue, definition.book.rules[0].scope.distributors
    within = catalogue.distributor_ids if mask is None else catalogue.distributor_ids[mask]
    return np.setdiff1d(within, catalogue.beside_ids)


def who_takes_part(definition: CompiledPromotion, sold: Collection[tuple[int, str]]) -> list[tuple[int, str]]:
    """Name all who take part, by distributor and person: ``sold`` are those who sold something."""
    return sorted(_who_takes_part(definition, may_take_part(definition), sold))


def _who_takes_part(
    definition: CompiledPromotion, allowed: Ints, sold: Collection[tuple[int, str]]
) -> set[tuple[int, str]]:
    here = set(allowed.tolist())
    whole = {(one, "") for one in here} if definition.definition.participants == "distributors" else set()
    return {one for one in sold if one[0] in here} | whole


def _totals(
    session: Session, promotion_id: int, definition: CompiledPromotion, distributor_ids: Ints | None
) -> tuple[_Participants, Totals]:
    """Add up the months of participants: those who sold, those who have a standing, and all whom it is for."""

    def of(column: ColumnElement[int]) -> list[ColumnElement[bool]]:
        return [] if distributor_ids is None else [column == any_of(distributor_ids.tolist())]

    month = PromotionMonth
    keys = (month.distributor_id, month.person, month.measure, month.product_id)
    figures = (month.net_minor, month.quantity_milli, month.points, month.documents)
    rows = read_columns(
        session,
        select(*keys, *(cast(func.sum(figure), BigInteger) for figure in figures))
        .where(month.promotion_id == promotion_id, *of(month.distributor_id.expression))
        .group_by(*keys),
        {
            name: "object" if name == "person" else "int64"
            for name in (*(key.key for key in keys), *(figure.key for figure in figures))
        },
    )
    standing = PromotionStanding
    known = session.execute(
        select(standing.distributor_id, standing.person).where(
            standing.promotion_id == promotion_id, *of(standing.distributor_id.expression)
        )
    )
    sold = list(zip(rows["distributor_id"].tolist(), rows["person"].tolist(), strict=True))
    asked = may_take_part(definition)
    allowed = asked if distributor_ids is None else np.intersect1d(asked, distributor_ids)
    listed = sorted({*_who_takes_part(definition, allowed, sold), *known})
    number = {one: at for at, one in enumerate(listed)}
    whose = np.asarray([number.get(one, -1) for one in sold], dtype=np.int64)
    counts = whose >= 0
    measured = Measured(
        participant=whose[counts],
        month=np.zeros(int(counts.sum()), dtype=np.int64),
        **{name: rows[name][counts] for name in rows if name not in ("distributor_id", "person")},
    )
    participants = _Participants(np.asarray([one for one, _ in listed], dtype=np.int64), [name for _, name in listed])
    return participants, totals_of(definition, measured, len(listed))


def targets_of(
    session: Session, program_id: int, promotion_id: int | None, definition: CompiledPromotion, distributor_ids: Ints
) -> tuple[Ints, Ints]:
    """Give the targets said for the distributor of each participant, and for its group; 0: none.

    Those of a sheet belong to a promotion that is here; None: it is not yet.
    """
    ids = any_of(np.unique(distributor_ids).tolist())
    groups = session.scalars(
        select(DistributorGroup.id).where(DistributorGroup.program_id == program_id).order_by(DistributorGroup.id)
    ).all()
    position = {id_: at for at, id_ in enumerate(groups)}
    by_group = definition.group_target_of(definition.book.catalogue.distributor_groups)
    said = dict(
        session.execute(
            select(PromotionTarget.distributor_id, PromotionTarget.value).where(
                PromotionTarget.promotion_id == promotion_id, PromotionTarget.distributor_id == ids
            )
        ).all()
    )
    own, of_group = {}, {}
    rows = session.execute(select(Distributor.id, Distributor.code, Distributor.group_id).where(Distributor.id == ids))
    for id_, code, group_id in rows:
        own[id_] = said.get(id_, definition.own_targets.get(code_key(code), 0))
        of_group[id_] = int(by_group[-1 if group_id is None else position[group_id]])
    who = distributor_ids.tolist()
    return (
        np.asarray([own.get(one, 0) for one in who], dtype=np.int64),
        np.asarray([of_group.get(one, 0) for one in who], dtype=np.int64),
    )


_KEY = ("promotion_id", "distributor_id", "person")
_MADE = ("version", "value", "target", "base", "share_bp", "step", "is_open", "gates", "earned", "changed_at")


def _store(
    session: Session,
    promotion: Promotion,
    participants: _Participants,
    made: Standings,
    now: dt.datetime,
) -> Placed:
    gates = made.gates.T.tolist() if made.gates.size else [[] for _ in range(len(participants))]
    given = rows_of(
        distributor_id=participants.distributor_id,
        person=participants.person,
        value=made.value,
        target=made.target,
        base=made.base,
        share_bp=made.share_bp,
        step=made.step,
        is_open=made.open.astype(np.int64),
        gates=[str(one) for one in gates],
        earned=made.earned,
    )
    columns: dict[str, Any] = {
        "promotion_id": literal(promotion.id, BigInteger),
        "version": literal(promotion.version),
        "is_open": given.c.is_open > 0,
        "gates": cast(given.c.gates, JSONB),
        "changed_at": literal(now),
        **dict.fromkeys(("paid", "forgiven", "payments", "place", "prize"), literal(0)),
    }
    names = (*_KEY, *_MADE, "paid", "forgiven", "payments", "place", "prize")
    told = select(*(columns[one] if one in columns else given.c[one] for one in names))
    stored = insert(PromotionStanding).from_select(names, told)
    changed = stored.on_conflict_do_update(index_elements=_KEY, set_={name: stored.excluded[name] for name in _MADE})
    rows = read_columns(
        session,
        changed.returning(PromotionStanding.id, PromotionStanding.step, PromotionStanding.is_open),
        {"id": "int64", "step": "int64", "open": "bool"},
    )
    return Placed(rows["id"], rows["step"] * rows["open"])


def rank(session: Session, promotion_id: int, definition: CompiledPromotion, now: dt.datetime) -> None:
    """Give everybody their place, and what it would pay. Places are of all together: one column of whole numbers.

    Of a promotion that ranks nobody, whatever older versions of it did, nobody has one.
    """
    standing = PromotionStanding
    rows = read_columns(
        session,
        select(
            *(standing.id, standing.value, standing.share_bp, standing.is_open),
            *(standing.place, standing.prize),
        ).where(standing.promotion_id == promotion_id),
        dict.fromkeys(("id", "value", "share_bp", "open", "place", "prize"), "int64") | {"open": "bool"},
    )
    place_, prize = ranked(definition.terms.prizes, rows["value"], rows["share_bp"], rows["open"])
    moved = np.flatnonzero((place_ != rows["place"]) | (prize != rows["prize"]))
    if not moved.size:
        return
    given = rows_of(id=rows["id"][moved], place=place_[moved], prize=prize[moved])
    session.execute(
        update(standing)
        .where(standing.id == given.c.id)
        .values(place=given.c.place, prize=given.c.prize, changed_at=now)
        .execution_options(synchronize_session=False)
    )


@dataclass(frozen=True)
class ToPay:
    """What standings earn and were paid, by distributor and person.

    ``owner_id`` is whose points it is: the distributor, or a person of it who has an account. ``into`` is the standing
    that each was merged into, or itself. Who is ``blocked`` (1) is given nothing more; what is taken back is taken of
    them as well.
    """

    standing_id: Ints
    distributor_id: Ints
    owner_id: Ints
    value: Ints
    target: Ints
    share_bp: Ints
    step: Ints
    place: Ints
    prize: Ints
    earned: Ints
    paid: Ints
    forgiven: Ints
    payments: Ints
    into: Ints
    blocked: Ints

    @property
    def order(self) -> Ints:
        """Give the order in which a budget that does not suffice for all is given out."""
        return furthest_first(self.place, self.share_bp, self.value)

    def parted(self, earned: Ints) -> Ints:
        """Part what standings earn over those that were merged into them."""
        order = np.argsort(self.standing_id)
        return parted(order[np.searchsorted(self.standing_id[order], self.into)], earned, self.paid)

    def given(self, earned: Ints, paid: Ints) -> Ints:
        """Give what is given of what is earned: to those who are blocked no more than was paid."""
        return np.asarray(np.where(self.blocked > 0, np.minimum(earned, paid), earned), dtype=np.int64)

    def closed_now(self, budget: int | None) -> Ints:
        """Give what each is paid in all where the promotion is closed as it stands. All its standings are here."""
        left = None if budget is None else budget - int(self.paid.sum())
        earned = self.given(self.parted(self.earned + self.prize), self.paid)
        return self.paid + changes(earned, self.paid, self.forgiven, left, self.order)


def to_pay(session: Session, promotion_id: int, placed: Placed | None = None, *, to_people: bool) -> ToPay:
    """Read the standings that were made anew, and those to whom something is due that a budget had cut; None: all.

    Whoever was merged into one of them is among them: what they were paid counts as paid to it.

    ``to_people``: what a person reaches is theirs, if they had an account when it was first paid; it stays theirs.
    """
    standing = PromotionStanding
    names = tuple(ToPay.__dataclass_fields__)
    waits = standing.earned > standing.paid
    theirs = and_(
        literal(to_people),
        Distributor.person_of_id == standing.distributor_id,
        Distributor.person_key == standing.person,
        standing.payments == 0,
        ~BLOCKED_NOW,
    )
    owner = func.coalesce(standing.paid_to_id, Distributor.merged_into_id, Distributor.id, standing.distributor_id)
    root = func.coalesce(standing.into_id, standing.id)
    one, survivor = aliased(Distributor), aliased(Distributor)
    blocked = (
        select(cast(func.coalesce(survivor.blocked, one.blocked), Integer))
        .select_from(one)
        .outerjoin(survivor, survivor.id == one.merged_into_id)
        .where(one.id == owner)
        .scalar_subquery()
    )
    which = []
    if placed is not None:
        made = standing.id == any_of(placed.standing_id.tolist())
        due = select(root).where(standing.promotion_id == promotion_id, or_(made, waits))
        which.append(or_(standing.id.in_(due), standing.into_id.in_(due)))
    figures = (getattr(standing, name) for name in names[3:-2])
    rows = read_columns(
        session,
        select(standing.id, standing.distributor_id, owner, *figures, root, blocked)
        .outerjoin(Distributor, theirs)
        .where(standing.promotion_id == promotion_id, *which)
        .order_by(standing.distributor_id, standing.person),
        dict.fromkeys(names, "int64"),
    )
    return ToPay(**rows)


def spent(session: Session, promotion_id: int) -> int:
    """Sum what a promotion was paid out, less what was taken back."""
    total = func.coalesce(func.sum(PromotionStanding.paid), 0)
    query = select(cast(total, BigInteger)).where(PromotionStanding.promotion_id == promotion_id)
    return session.execute(query).scalar_one()


def note_paid(session: Session, known: ToPay, earned: Ints, paid: Ints, forgiven: Ints, payments: Ints) -> None:
    """Write down what was paid, and to whom where that is a person."""
    if not len(known.standing_id):
        return
    person = np.where((payments > 0) & (known.owner_id != known.distributor_id), known.owner_id, 0)
    given = rows_of(
        id=known.standing_id, earned=earned, paid=paid, forgiven=forgiven, payments=payments, person_id=person
    )
    session.execute(
        update(PromotionStanding)
        .where(PromotionStanding.id == given.c.id)
        .values({name: given.c[name] for name in ("earned", "paid", "forgiven", "payments")})
        .values(paid_to_id=func.nullif(given.c.person_id, 0))
        .execution_options(synchronize_session=False)
    )
