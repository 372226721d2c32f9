"""What is here already that documents are compared with: a few statements for all of them, and none for what is off."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnClause,
    Date,
    Integer,
    LargeBinary,
    Numeric,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    func,
    literal_column,
    or_,
    select,
    text,
    true,
    union,
)
from sqlalchemy.dialects.postgresql import ARRAY, BIT
from sqlalchemy.orm import Session, aliased

from app.db.bulk import columns_of, given, given_rows
from app.db.driver import Answer
from app.db.prepared import Prepared
from app.domain.documents.document_keys import document_key, seller_in
from app.domain.documents.sales import Sales, Texts
from app.domain.documents.seller_keys import TAX, own_key
from app.domain.measures.exact import Ints
from app.domain.program_file.verification_settings import Check, Tuned
from app.domain.states import DocumentKind
from app.models.claims import Attachment
from app.models.distributors import Distributor
from app.models.figures import ProductMonth
from app.models.programs import Program
from app.models.sales import SalesDocument, SalesLine
from verification import stocks
from verification.checks import prints
from verification.checks.facts import Earlier, Habits, History, Proofs, Stock, Usual, as_earlier
from verification.checks.habits import BEFORE, much
from verification.checks.numbers import neighbours

_TWINS = {Check.TWIN_OWN, Check.TWIN_OTHER}
_NEAR = {Check.NUMBER_ALIKE, Check.NUMBER_BACKWARDS, Check.NUMBER_GAP, Check.JUST_BELOW, Check.BURST}
NUMBERED = {Check.SAME_NUMBER, Check.NUMBER_OF_TWO_SELLERS}
_LOOKS = {Check.SAME_PICTURE, Check.PICTURE_ALIKE}
_USUAL = {Check.PRICE_UNUSUAL, Check.QUANTITY_UNUSUAL, Check.QUANTITY_UNLIKE_OWN}
_PICTURES = {Check.SAME_FILE, *_LOOKS}
_HABITS = {Check.QUANTITY_UNUSUAL, Check.QUANTITY_UNLIKE_OWN}

_NEED = {
    *_TWINS,
    *_NEAR,
    *NUMBERED,
    *_PICTURES,
    *_USUAL,
    *_HABITS,
    Check.ROUND_TOTAL,
    Check.CLAIMED_ELSEWHERE,
    Check.MORE_THAN_DELIVERED,
}
"""Checks that look at what is here already."""

_OF_LATE = "500"
"""Invoices that tell how a programme's totals are; written out, for the planner to know that they are few."""

_STANDS = text("sales_document.status in (1, 2, 3)")
"""What was corrected or undone is nothing to be compared with; what was refused is."""
_EARLIER: Mapping[str, str] = {
    "id": "i8",
    "distributor_id": "i8",
    "kind": "i8",
    "number": "O",
    "number_key": "O",
    "document_key": "O",
    "issued_on": "M8[D]",
    "net_minor": "i8",
    "line_count": "i8",
    "accepted": "?",
}
_earlier = select(
    *(getattr(SalesDocument, name) for name in _EARLIER if name != "accepted"),
    literal_column("sales_document.status = 1", type_=Boolean).label("accepted"),
)
_program = SalesDocument.program_id == bindparam("program", type_=BigInteger)
_distributors = any_(bindparam("distributors", type_=ARRAY(BigInteger)))
_products = any_(bindparam("products", type_=ARRAY(BigInteger)))
_window = bindparam("first", type_=Date), bindparam("last", type_=Date)

_sums = given_rows(net=BigInteger(), day=Date(), who=BigInteger(), first=Date(), last=Date())
# looked up one by one in the index, however many there are: what is read does not grow with the history
_FENCE: ColumnClause[int] = literal_column("0")
_of_sum = _earlier.where(_program, SalesDocument.net_minor == _sums.c.net, _STANDS).offset(_FENCE)
_same_day = _of_sum.where(SalesDocument.issued_on == _sums.c.day).lateral()
_own = _of_sum.where(
    SalesDocument.distributor_id == _sums.c.who, SalesDocument.issued_on.between(_sums.c.first, _sums.c.last)
).lateral()
_ALIKE = Prepared(
    union(
        select(*_same_day.c).select_from(_sums.join(_same_day, true())),
        select(*_own.c).select_from(_sums.join(_own, true())),
    )
)
_RECENT = Prepared(
    _earlier.where(
        SalesDocument.distributor_id == _distributors, SalesDocument.issued_on.between(*_window), _STANDS, _program
    )
)
_numbers = given_rows(who=BigInteger(), number=Text())
_of_number = (
    _earlier.where(
        _program,
        SalesDocument.number_key == _numbers.c.number,
        SalesDocument.distributor_id == _numbers.c.who,
        _STANDS,
        or_(text("sales_document.status <> 3"), bindparam("refused", type_=Boolean)),
    )
    .offset(_FENCE)
    .lateral()
)
_NUMBER = Prepared(select(*_of_number.c).select_from(_numbers.join(_of_number, true())))
_TOTALS = Prepared(
    select(SalesDocument.net_minor)
    .where(_program, SalesDocument.kind == DocumentKind.INVOICE, text("sales_document.status = 1"))
    .order_by(SalesDocument.issued_on.desc(), SalesDocument.id.desc())
    .limit(literal_column(_OF_LATE))
)
_LINES = Prepared(
    select(SalesLine.document_id, SalesLine.product_id, SalesLine.quantity_milli).where(
        SalesLine.document_id == any_(bindparam("documents", type_=ARRAY(BigInteger)))
    )
)

_other = aliased(Distributor)
_SIBLINGS = Prepared(
    select(Distributor.id, _other.id)
    .join(_other, and_(_other.tax_id == Distributor.tax_id, _other.program_id != Distributor.program_id))
    .where(Distributor.id == _distributors)
)
_ELSEWHERE = Prepared(
    select(SalesDocument.document_key).where(
        SalesDocument.document_key == any_(bindparam("keys", type_=ARRAY(Text))),
        SalesDocument.program_id.in_(select(Program.id).where(Program.id != bindparam("program", type_=BigInteger))),
        text("sales_document.status in (1, 2)"),
    )
)

_looks = given_rows(look=BigInteger())
_differ = func.bit_count(cast(Attachment.picture_look.op("#")(_looks.c.look), BIT(64)))
_photo = Attachment.media_type.startswith("image/")
"""Pages that one program wrote look alike, whatever they say: only photos are told by their look."""
_PROOFS = Prepared(
    select(
        Attachment.document_id,
        Attachment.file_sha256,
        func.coalesce(Attachment.picture_look, 0),
        and_(_photo, Attachment.picture_look.is_not(None)),
        SalesDocument.net_minor,
    )
    .join(SalesDocument, SalesDocument.id == Attachment.document_id)
    .where(
        Attachment.program_id == bindparam("program", type_=BigInteger),
        _STANDS,
        (Attachment.file_sha256 == any_(bindparam("files", type_=ARRAY(LargeBinary))))
        | and_(_photo, select(_looks.c.look).where(_differ <= bindparam("bits", type_=Integer)).exists()),
    )
)

_month_price = func.div(cast(ProductMonth.net_minor, Numeric) * 10**9, ProductMonth.quantity_milli)
_PRODUCTS = Prepared(
    select(
        ProductMonth.product_id,
        cast(func.percentile_disc(literal_column("0.5")).within_group(_month_price), BigInteger),
        cast(func.div(func.sum(ProductMonth.quantity_milli), func.sum(ProductMonth.lines)), BigInteger),
    )
    .where(
        ProductMonth.program_id == bindparam("program", type_=BigInteger),
        ProductMonth.month_on == any_(bindparam("months", type_=ARRAY(Date))),
        ProductMonth.product_id == _products,
        ProductMonth.quantity_milli > 0,
        ProductMonth.net_minor > 0,
        ProductMonth.lines > 0,
    )
    .group_by(ProductMonth.product_id)
    .order_by(ProductMonth.product_id)
)
_pairs = given_rows(who=BigInteger(), what=BigInteger())
_who = func.unnest(bindparam("distributors", type_=ARRAY(BigInteger))).table_valued(Column("id", BigInteger))
_who = _who.render_derived()
_counted = (
    select(SalesDocument.id)
    .where(
        SalesDocument.distributor_id == _who.c.id,
        SalesDocument.issued_on.between(*_window),
        text("sales_document.status = 1"),
    )
    .offset(_FENCE)
    .lateral()
)
_sold = (
    select(SalesLine.product_id, SalesLine.quantity_milli)
    .where(SalesLine.document_id == _counted.c.id, SalesLine.quantity_milli > 0)
    .offset(_FENCE)
    .lateral()
)
_PERSONAL = Prepared(
    select(
        _who.c.id,
        _sold.c.product_id,
        func.count(),
        func.percentile_disc(literal_column("array[0.25, 0.5, 0.75]")).within_group(_sold.c.quantity_milli),
        func.max(_sold.c.quantity_milli),
    )
    .select_from(_who.join(_counted, true()).join(_sold, true()))
    .join(_pairs, and_(_pairs.c.who == _who.c.id, _pairs.c.what == _sold.c.product_id))
    .group_by(_who.c.id, _sold.c.product_id)
)


@dataclass(frozen=True)
class Asked:
    """What history is asked for: documents on their way in, as they are compared with those that are here."""

    program: int
    sales: Sales
    mine: Earlier
    key: Texts
    proofs: Proofs
    checks: Mapping[Check, Tuned]

    def on(self, some: Collection[Check]) -> bool:
        """Say whether one of some checks is on."""
        return any(check in self.checks for check in some)

    def days(self, some: Collection[Check]) -> int:
        """Say how many days the one of some checks looks that looks furthest."""
        return max((self.checks[check].days for check in some if check in self.checks), default=0)

    def window(self, before: int, after: int = 0) -> dict[str, str]:
        """Give the days about the documents."""
        issued = self.mine.issued_on
        first, last = issued.min() - np.timedelta64(before, "D"), issued.max() + np.timedelta64(after, "D")
        return {"first": str(first), "last": str(last)}

    @property
    def distributors(self) -> Ints:
        """Give the distributors, each once."""
        return np.unique(self.mine.distributor_id)

    @property
    def products(self) -> Ints:
        """Give the products, each once."""
        return np.unique(self.sales.lines.product_id)


def ask(
    session: Session,
    program: int,
    sales: Sales,
    number_key: Texts,
    seller_key: Texts,
    key: Texts,
    proofs: Proofs,
    checks: Mapping[Check, Tuned],
    *,
    refused: bool,
) -> Callable[[], History]:
    """Ask for what the checks that are on look at, and give it when it is called for.

    Within `app.db.driver.together` what is asked first is on its way meanwhile. A number that was ``refused`` under
    another seller is one that a claim is held against, and a sponsor's report is not.
    """
    if not len(key) or not checks.keys() & _NEED:
        return History.none
    asked = Asked(program, sales, as_earlier(sales, number_key, seller_key), key, proofs, checks)
    alike = _ask_alike(session, asked) if asked.on(_TWINS) else None
    recent = _ask_recent(session, asked) if asked.on(_NEAR) else None
    numbered = _ask_numbered(session, asked, refused=refused) if asked.on(NUMBERED) else None
    totals = _TOTALS.ask(session, program=program) if Check.ROUND_TOTAL in checks else None
    looking = _ask_proofs(session, asked) if asked.on(_PICTURES) else None
    usual = _ask_usual(session, asked) if asked.on(_USUAL) else None
    siblings = _SIBLINGS.ask(session, distributors=asked.distributors) if Check.CLAIMED_ELSEWHERE in checks else None
    supplied = stocks.ask_supplied(session, asked.distributors) if Check.MORE_THAN_DELIVERED in checks else None

    def history() -> History:
        near, same_sum = _earlier_of(recent), _earlier_of(alike)
        near, same_sum = _with_prints(session, asked, near, same_sum)
        prices = _usual_of(usual)
        return History(
            alike=same_sum,
            recent=near,
            numbered=_earlier_of(numbered),
            totals_of_late=np.asarray([net for (net,) in totals()] if totals else [], dtype=np.int64),
            elsewhere=_elsewhere(session, asked, siblings()) if siblings else frozenset(),
            **_proofs_of(looking),
            usual=prices,
            habits=_habits(session, asked, prices) if asked.on(_HABITS) else Habits.none(),
            stock=stocks.stock_of(session, sales, supplied()) if supplied else Stock.none(),
        )

    return history


def _ask_alike(session: Session, asked: Asked) -> Answer:
    mine, days = asked.mine, asked.days(_TWINS)
    rows = np.unique(np.stack([mine.net_minor, mine.issued_on.astype(np.int64), mine.distributor_id], axis=1), axis=0)
    day, span = rows[:, 1].astype("datetime64[D]"), np.timedelta64(days, "D")
    told = given(net=rows[:, 0], day=day, who=rows[:, 2], first=day - span, last=day + span)
    return _ALIKE.ask(session, program=asked.program, **told)


def _ask_recent(session: Session, asked: Asked) -> Answer:
    """Ask for what the same distributors have about the same time; a burst is told from the months before it."""
    far = max(asked.days(_NEAR), BEFORE + asked.days({Check.BURST}) if Check.BURST in asked.checks else 0)
    window = asked.window(far, asked.days(_NEAR))
    return _RECENT.ask(session, program=asked.program, distributors=asked.distributors, **window)


def _ask_numbered(session: Session, asked: Asked, *, refused: bool) -> Answer:
    """Ask for what the same distributors have under the same numbers, whoever issued it."""
    pairs = sorted(set(zip(asked.mine.distributor_id.tolist(), asked.mine.number_key.tolist(), strict=True)))
    told = given(who=np.asarray([who for who, _ in pairs]), number=[number for _, number in pairs])
    return _NUMBER.ask(session, program=asked.program, refused=refused, **told)


def _earlier_of(answer: Answer | None) -> Earlier:
    if answer is None:
        return Earlier.none()
    columns = columns_of(answer(), _EARLIER)
    keys = zip(
        columns.pop("document_key").tolist(), columns["kind"].tolist(), columns["number_key"].tolist(), strict=True
    )
    sellers = np.asarray([*(seller_in(*one) for one in keys), None], dtype=object)[:-1]
    nothing = np.zeros(len(columns["id"]), dtype=np.uint64)
    return Earlier(**columns, seller_key=sellers, lines=nothing, products=nothing)


def _with_prints(session: Session, asked: Asked, near: Earlier, same_sum: Earlier) -> tuple[Earlier, Earlier]:
    """Read the lines of those documents that documents may be copies of, and print them."""
    wanted = [same_sum.id]
    if Check.NUMBER_ALIKE in asked.checks and len(near):
        found = neighbours(asked.mine, near)
        like = found.like - len(asked.mine)
        here = like >= 0
        size = asked.mine.line_count[found.document[here]]
        like = like[here][(near.line_count[like[here]] == size) & (size > 1)]
        wanted.append(near.id[like])
    ids = np.unique(np.concatenate(wanted))
    if not len(ids):
        return near, same_sum
    lines = columns_of(_LINES.rows(session, documents=ids), {"document": "i8", "product": "i8", "quantity": "i8"})
    place = np.searchsorted(ids, lines["document"])
    full = prints.of_lines(place, len(ids), lines["product"], lines["quantity"])
    products = prints.of_lines(place, len(ids), lines["product"])

    def printed(earlier: Earlier) -> Earlier:
        at = np.minimum(np.searchsorted(ids, earlier.id), len(ids) - 1)
        here = ids[at] == earlier.id
        return replace(
            earlier,
            lines=np.where(here, full[at], np.uint64(0)),
            products=np.where(here, products[at], np.uint64(0)),
        )

    return printed(near), printed(same_sum)


def _elsewhere(session: Session, asked: Asked, companies: Sequence[Sequence[int]]) -> frozenset[str]:
    """Find documents that other programmes have: under their seller's tax id, or as the same company's own."""
    siblings: dict[int, list[int]] = {}
    for own, other in companies:
        siblings.setdefault(own, []).append(other)
    meant: dict[str, str] = {}
    rows = zip(asked.key.tolist(), asked.mine.kind.tolist(), asked.mine.distributor_id.tolist(), strict=True)
    for (key, kind, who), number in zip(rows, asked.mine.number_key.tolist(), strict=True):
        if key.startswith(f"{kind}|{TAX}"):
            meant[key] = key
        for other in siblings.get(who, ()):
            meant[document_key(kind, own_key(other), number)] = key
    if not meant:
        return frozenset()
    found = _ELSEWHERE.rows(session, program=asked.program, keys=list(meant))
    return frozenset(meant[key] for (key,) in found)


def _ask_proofs(session: Session, asked: Asked) -> Answer | None:
    if not len(asked.proofs.document):
        return None
    limits = [asked.checks[check].limit for check in _LOOKS if check in asked.checks]
    looks = asked.proofs.look[asked.proofs.has_look] if limits else asked.proofs.look[:0]
    told = {"files": asked.proofs.file.tolist(), "bits": max(limits, default=0), **given(look=looks)}
    return _PROOFS.ask(session, program=asked.program, **told)


def _proofs_of(answer: Answer | None) -> dict[str, Any]:
    if answer is None:
        return {"proofs": Proofs.none(), "totals": {}}
    columns = columns_of(answer(), {"document": "i8", "file": "O", "look": "i8", "has_look": "?", "total": "i8"})
    totals = columns.pop("total")
    return {
        "proofs": Proofs(**columns),
        "totals": dict(zip(columns["document"].tolist(), totals.tolist(), strict=True)),
    }


def _ask_usual(session: Session, asked: Asked) -> Answer:
    first, last = asked.window(asked.days(_USUAL)).values()
    months = np.arange(np.datetime64(first, "M"), np.datetime64(last, "M") + np.timedelta64(1, "M")).astype(
        "datetime64[D]"
    )
    return _PRODUCTS.ask(session, program=asked.program, months=months, products=asked.products)


def _usual_of(answer: Answer | None) -> Usual:
    if answer is None:
        return Usual.none()
    return Usual(**columns_of(answer(), {"product_id": "i8", "price_micro": "i8", "quantity_milli": "i8"}))


def _habits(session: Session, asked: Asked, usual: Usual) -> Habits:
    """Read what the distributors usually sell at once, of those products of which they sell much now."""
    lines = asked.sales.lines
    wanted = np.flatnonzero(much(asked.sales, usual))
    if not len(wanted):
        return Habits.none()
    pairs = np.stack([asked.mine.distributor_id[lines.document[wanted]], lines.product_id[wanted]], axis=1)
    pairs = np.unique(pairs, axis=0)
    told = {"distributors": np.unique(pairs[:, 0]), **given(who=pairs[:, 0], what=pairs[:, 1])}
    found = _PERSONAL.rows(session, **told, **asked.window(asked.days(_HABITS)))
    names = ("distributor_id", "product_id", "lines", "lower", "median", "upper", "most")
    rows = [(who, what, count, *quartiles, most) for who, what, count, quartiles, most in found]
    return Habits(**columns_of(rows, dict.fromkeys(names, "i8")))
