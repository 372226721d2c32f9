"""What is to be invoiced for loads: to the sponsor, and to whoever funds points besides.

Every load that was confirmed is an item; so are the tax that was kept back from it, and the fee for it, which is that
of the day on which it was confirmed. A load that turned out not to be on its card is an item once more, of the day of
that correction and below zero, and one that turned out to be there is one then (`app.services.loads.arrivals`); where
another amount is there, the difference is one, with the points that were given or taken for it. What was invoiced
before stays as it was. The fee was for the load, and stays. An item is divided over the sources whose points it was
made from, by points, and its parts add up again (largest remainder, rules.md 2). All of it is one query, so that a
million loads can be read piece by piece.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Integer,
    Numeric,
    Select,
    String,
    Subquery,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    true,
    type_coerce,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from app.domain.measures.calendar import end_of, midnight
from app.domain.measures.exact import half_up_of
from app.domain.program_file.definition import ProgramSettings
from app.domain.states import Bucket, TopUpKind, TopUpStatus, Unit
from app.models.ledger import Account, LedgerEntry, Lot
from app.models.lot_terms import LotTerms
from app.models.prepaid import Redemption, TopUp
from app.models.programs import Program
from app.services.loads.arrivals import corrections, other_amounts

ITEMS = ("reward", "compensation", "withheld", "fee")
_LOADED = (TopUpKind.REWARD.value, TopUpKind.COMPENSATION.value)
_CONFIRMED, _CORRECTED, _OTHER_AMOUNT = range(3)
SPONSOR = ""
"""Who pays where no source of funding does."""

_SETTINGS: ColumnElement[Any] = cast(Program.settings["invoicing"], JSONB)


def _dated() -> Any:
    """Give what the programme charges on the day of a load, where it says so of that day: what began last."""
    day = cast(func.timezone(Program.time_zone, TopUp.settled_at), Date)
    one = func.jsonb_array_elements(func.coalesce(_SETTINGS["fees"], literal([], JSONB))).column_valued("one")
    said: ColumnElement[Any] = type_coerce(one, JSONB)
    begins, ends = cast(said["valid_from"].astext, Date), cast(said["valid_until"].astext, Date)
    return (
        select(said.label("said"))
        .where(begins <= day, or_(ends.is_(None), ends >= day))
        .order_by(begins.desc())
        .limit(1)
        .lateral("dated")
    )


_DATED = _dated()


def _number(name: str) -> ColumnElement[Any]:
    """Give a number of what is charged for a load: that of its day, else what is charged otherwise."""
    said: ColumnElement[Any] = type_coerce(_DATED.c.said, JSONB)
    found = case((said.is_not(None), said[name].astext), else_=_SETTINGS[name].astext)
    return func.coalesce(cast(found, Numeric), 0)


def _fee() -> ColumnElement[int]:
    """Give the fee for a load: so much for each, and a share of it, rounded half up."""
    each = cast(_number("fee_per_load") * func.power(literal(10, Numeric), Program.currency_decimals), BigInteger)
    share = func.div(TopUp.amount_minor * _number("fee") + 5_000, 10_000)
    return cast(each + share, BigInteger)


_AS_LOADED = (literal(_CONFIRMED), TopUp.settled_at, literal(1), literal(1), Redemption.points)
"""Why a load is an item as it is: the cause, since when, with which sign, how many loads, and of how many points."""


def _item(
    item: Any, amount: Any, vat: Any, *conditions: ColumnElement[bool], why: tuple[Any, ...] = _AS_LOADED
) -> Select[Any]:
    cause, at, sign, loads, points = why
    of_points = and_(Account.unit == Unit.POINTS, item == TopUpKind.REWARD.value)
    return (
        select(
            TopUp.id.label("top_up_id"),
            TopUp.redemption_id.label("redemption_id"),
            Redemption.program_id.label("program_id"),
            Redemption.reserve_transaction_id.label("reservation_id"),
            at.label("settled_at"),
            cause.label("cause"),
            cast(sign, Integer).label("sign"),
            case((item.in_(_LOADED), loads), else_=0).label("loads"),
            case((of_points, points), else_=0).label("points"),
            item.label("item"),
            amount.label("amount_minor"),
            cast(vat, Integer).label("vat_bp"),
            func.coalesce(_SETTINGS["sources_pay"].op("?", is_comparison=True)(item), true()).label("shared"),
        )
        .join(Redemption, Redemption.id == TopUp.redemption_id)
        .join(Account, Account.id == Redemption.account_id)
        .join(Program, Program.id == Redemption.program_id)
        .where(*conditions)
    )


def _items() -> Subquery:
    """Give what each confirmed load comes to, item by item; ``sign`` is -1 where a correction takes it back.

    ``cause`` tells apart what a load is an item for, and ``loads`` is how many loads it adds.
    """
    corrected, other = corrections(), other_amounts()

    def back(item: Any, amount: Any, *conditions: ColumnElement[bool]) -> Select[Any]:
        way = corrected.c.way
        paid = func.greatest(Redemption.points - corrected.c.given, 0)
        why = (literal(_CORRECTED), corrected.c.decided_at, way, way, paid)
        once_more = _item(item, amount, literal(0), *conditions, why=why)
        return once_more.join(corrected, corrected.c.top_up_id == TopUp.id).where(way != 0)

    def differently() -> Select[Any]:
        sign = func.sign(other.c.more_minor)
        why = (literal(_OTHER_AMOUNT), other.c.decided_at, sign, literal(0), cast(-other.c.given * sign, BigInteger))
        ways = select(cast(func.coalesce(func.sum(corrected.c.way), 0), BigInteger)).where(
            corrected.c.top_up_id == TopUp.id, corrected.c.decided_at < other.c.decided_at
        )
        way = ways.correlate(TopUp, other).scalar_subquery()
        # of what was not on its card by then, another amount is not there either
        arrived = or_(and_(loaded, way >= 0), way > 0)
        difference = _item(amounts[0], func.abs(other.c.more_minor), literal(0), arrived, why=why)
        return difference.join(other, other.c.top_up_id == TopUp.id)

    loaded = TopUp.status == TopUpStatus.LOADED
    withheld = (TopUp.kind == TopUpKind.REWARD, Redemption.withheld_minor > 0)
    amounts: Any = (type_coerce(TopUp.kind, String), TopUp.amount_minor)
    left: Any = (amounts[0], func.greatest(TopUp.amount_minor + corrected.c.more_minor, 0))
    kept: Any = (literal("withheld", String), Redemption.withheld_minor)
    return union_all(
        _item(*amounts, literal(0), loaded),
        _item(*kept, literal(0), loaded, *withheld),
        _item(literal("fee", String), _fee(), _number("vat"), loaded, _fee() > 0).outerjoin(_DATED, true()),
        back(*left),
        back(*kept, *withheld),
        differently(),
    ).subquery("items")


def _weights(items: Subquery) -> Any:
    """Give the points that an item was made from, by who pays for them."""
    source = case((items.c.shared, func.coalesce(LotTerms.funded_by, SPONSOR)), else_=SPONSOR)
    return (
        select(source.label("source"), func.sum(LedgerEntry.amount).label("points"))
        .select_from(LedgerEntry)
        .join(Lot, Lot.id == LedgerEntry.lot_id)
        .outerjoin(LotTerms, LotTerms.id == Lot.terms_id)
        .where(LedgerEntry.transaction_id == items.c.reservation_id, LedgerEntry.bucket == Bucket.RESERVED)
        .group_by(source)
        .lateral("weights")
    )


def shares() -> Subquery:
    """Give every item, divided over those who pay for it.

    Its columns: top_up_id, redemption_id, program_id, settled_at, item, source, points (of rewards alone, so that
    none counts twice, and none where money that rules gave was redeemed), amount_minor, vat_bp, the tax on it where
    it is a fee, loads, which is how many loads it adds, and cause and sign: -1 where the amount is below zero, for a
    correction took it back.
    """
    items = _items()
    weights = _weights(items)
    # what a reader asks for stands in the partition as well: then the database looks at those rows alone
    one = (items.c.program_id, items.c.settled_at, items.c.top_up_id, items.c.item, items.c.cause)
    whole = func.sum(weights.c.points).over(partition_by=one)

    def part(name: str) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
        product = cast(items.c[name], Numeric) * weights.c.points
        found = cast(func.div(product, whole), BigInteger)
        return found.label(f"part_of_{name}"), func.mod(product, whole).label(f"rest_of_{name}")

    parts = (
        select(items, weights.c.source, *part("points"), *part("amount_minor")).join(weights, true()).subquery("parts")
    )
    again = (parts.c.program_id, parts.c.settled_at, parts.c.top_up_id, parts.c.item, parts.c.cause)

    def share(name: str) -> ColumnElement[int]:
        own, rest = parts.c[f"part_of_{name}"], parts.c[f"rest_of_{name}"]
        place = func.row_number().over(partition_by=again, order_by=(rest.desc(), parts.c.source))
        left = parts.c[name] - func.sum(own).over(partition_by=again)
        return cast((own + cast(place <= left, Integer)) * parts.c.sign, BigInteger)

    return select(
        parts.c.top_up_id,
        parts.c.redemption_id,
        parts.c.program_id,
        parts.c.settled_at,
        parts.c.item,
        parts.c.source,
        share("points").label("points"),
        share("amount_minor").label("amount_minor"),
        parts.c.vat_bp,
        parts.c.cause,
        parts.c.sign,
        parts.c.loads,
    ).subquery("shares")


@dataclass
class Payer:
    """What one source of funding, or the sponsor, has to pay for a period."""

    source: str
    name: str
    points: int = 0
    loads: int = 0
    amounts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ITEMS, 0))
    vat: int = 0

    @property
    def total(self) -> int:
        """Give everything together, in minor units."""
        return sum(self.amounts.values()) + self.vat


def to_invoice(session: Session, program: Program, from_on: dt.date, to_on: dt.date) -> list[Payer]:
    """Tell what is to be invoiced for the loads of some days, both included: the sponsor first, then sources by name.

    The tax on the fees is computed once for each rate, on what such fees of a payer come to, and rounded half up.
    """
    settings = ProgramSettings.model_validate(program.settings)
    found = shares()
    rows = session.execute(
        select(
            found.c.source,
            found.c.item,
            found.c.vat_bp,
            cast(func.sum(found.c.amount_minor), BigInteger),
            cast(func.sum(found.c.points), BigInteger),
            cast(func.sum(found.c.loads), BigInteger),
        )
        .where(
            found.c.program_id == program.id,
            found.c.settled_at >= midnight(from_on, program.time_zone),
            found.c.settled_at < end_of(to_on, program.time_zone),
        )
        .group_by(found.c.source, found.c.item, found.c.vat_bp)
    )
    payers: dict[str, Payer] = {}
    for source, item, vat_bp, amount, points, count in rows:
        name = program.sponsor if source == SPONSOR else settings.funding.sources.get(source, source)
        payer = payers.setdefault(source, Payer(source, name))
        payer.amounts[item] += amount
        payer.points += points
        payer.loads += count
        payer.vat += half_up_of(amount * vat_bp, 10_000)
    return sorted(payers.values(), key=lambda one: (one.source != SPONSOR, one.name))


def loads_of(session: Session, program: Program, from_on: dt.date, to_on: dt.date) -> int:
    """Count the loads of some days, both included, each once however many pay for it; less those taken back then."""
    first, last = midnight(from_on, program.time_zone), end_of(to_on, program.time_zone)
    corrected = corrections()
    loads = (
        select(literal(1).label("sign"))
        .select_from(TopUp)
        .where(TopUp.status == TopUpStatus.LOADED, TopUp.settled_at >= first, TopUp.settled_at < last)
    )
    back = (
        select(corrected.c.way.label("sign"))
        .select_from(TopUp)
        .join(corrected, corrected.c.top_up_id == TopUp.id)
        .where(corrected.c.decided_at >= first, corrected.c.decided_at < last)
    )
    of_program = (
        one.join(Redemption, Redemption.id == TopUp.redemption_id).where(Redemption.program_id == program.id)
        for one in (loads, back)
    )
    counted = union_all(*of_program).subquery()
    return session.scalar(select(cast(func.coalesce(func.sum(counted.c.sign), 0), BigInteger))) or 0


def together(payers: Sequence[Payer], loads: int) -> Payer:
    """Add payers up; their loads are counted apart, for several may pay for one."""
    whole = Payer(SPONSOR, "", loads=loads, vat=sum(one.vat for one in payers))
    for one in payers:
        whole.points += one.points
        for item, amount in one.amounts.items():
            whole.amounts[item] += amount
    return whole
