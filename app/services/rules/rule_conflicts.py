"""Where a rule meets others of its stack.

It is looked for on the programme's newest sales, and where those show nothing, on samples made of its own products and
distributors.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.domain.documents.sales import NO_AMOUNT, NO_PRICE, UNKNOWN, Documents, Lines, Sales
from app.domain.measures.scale import Scale
from app.domain.program_file.definition import EarningRule, EventRule, Matrix, Policy
from app.domain.rules.clashes import Clash, Ground, clashes_on_events, clashes_on_sales, may_meet
from app.domain.rules.happening import Happened
from app.domain.rules.program_rules import ProgramRules
from app.domain.states import DocumentKind, DocumentStatus
from app.models.catalogue import Product
from app.models.distributors import Distributor
from app.models.programs import Program
from app.models.sales import SalesDocument, SalesLine
from app.services.rulebooks import rules_of

MOST_DOCUMENTS, MOST_LINES = 400, 4_000
SAMPLE_PRODUCTS, SAMPLE_DISTRIBUTORS = 200, 20
SAMPLE_QUANTITY_MILLI, SAMPLE_PIECE_MINOR = 10_000, 100_00


@dataclass(frozen=True)
class Worked:
    """A rule that meets another, worked out on one line; ``number`` is None where the line is a sample.

    The product is empty where an event is meant. ``kept`` are the codes of the rules that the stack keeps there,
    ``besides`` what other rules of it give there: name and amount of each.
    """

    other: EarningRule | Matrix
    policy: Policy
    lines: int
    number: str | None
    issued_on: dt.date | None
    distributor: str
    product: str
    quantity_milli: int
    amount_minor: int
    mine: int
    theirs: int
    total: int
    kept: tuple[str, ...]
    besides: tuple[tuple[str, int], ...]


def conflicts(session: Session, program: Program, rule: EarningRule | Matrix) -> list[Worked]:
    """Work out where a rule, published or not, meets others of its stack."""
    rules = rules_of(session, program.id)
    policies: Mapping[str, Policy] = program.stacks["policies"]
    today = {one.code: one.version.definition for one in rules.book.rules}  # the newest of each stands last
    base = [one for code, one in today.items() if code != rule.code]
    others = [one for one in base if may_meet(rule, one)]
    if not others:
        return []
    ground = Ground(
        rules.book.catalogue,
        Scale(program.point_decimals, program.currency_decimals, gross=rules.book.gross),
        {name: [dt.date.fromisoformat(day) for day in days] for name, days in program.stacks["named_days"].items()},
    )
    policy: Policy = policies.get(rule.stack, "sum")
    if isinstance(rule, EventRule):
        return _on_events(session, program, rule, others, policies, ground)
    base = [one for one in base if not isinstance(one, EventRule)]
    found: list[Worked] = []
    for sales, real in ((_newest(session, program), True), (_samples(session, program), False)):
        open_ = [one for one in others if one.code not in {worked.other.code for worked in found}]
        if open_ and len(sales.lines):
            clashes = clashes_on_sales(rule, open_, base, policies, ground, sales)
            found += _worked(session, rules, sales, clashes, {one.code: one for one in others}, policy, real=real)
    return found


def _worked(
    session: Session,
    rules: ProgramRules,
    sales: Sales,
    clashes: Sequence[Clash],
    others: Mapping[str, EarningRule | Matrix],
    policy: Policy,
    *,
    real: bool,
) -> list[Worked]:
    at = [clash.line for clash in clashes]
    documents, lines = sales.documents, sales.lines
    products = _names(session, Product, lines.product_id[at].tolist())
    people = _names(session, Distributor, documents.distributor_id[lines.document[at]].tolist())
    amounts = lines.gross_minor if rules.book.gross else lines.net_minor
    found = []
    for clash in clashes:
        document = int(lines.document[clash.line])
        found.append(
            Worked(
                other=others[clash.code],
                policy=policy,
                lines=clash.lines,
                number=documents.number[document] if real else None,
                issued_on=documents.issued_on[document].astype(object) if real else None,
                distributor=people[int(documents.distributor_id[document])],
                product=products[int(lines.product_id[clash.line])],
                quantity_milli=int(lines.quantity_milli[clash.line]),
                amount_minor=int(amounts[clash.line]),
                mine=clash.mine,
                theirs=clash.theirs,
                total=clash.total,
                kept=clash.kept,
                besides=clash.besides,
            )
        )
    return found


def _names(session: Session, model: type[Product] | type[Distributor], ids: Sequence[int]) -> dict[int, str]:
    return dict(session.execute(select(model.id, model.name).where(model.id.in_(set(ids)))).all())


def _on_events(
    session: Session,
    program: Program,
    rule: EventRule,
    others: Sequence[EarningRule | Matrix],
    policies: Mapping[str, Policy],
    ground: Ground,
) -> list[Worked]:
    """Let the event happen to some distributors, for each of what the rules say it may be about."""
    named = sorted({one for each in (rule, *others) if isinstance(each, EventRule) for one in each.about})
    about: Sequence[str | None] = named or [None]
    people = dict(
        session.execute(
            select(Distributor.id, Distributor.name)
            .where(Distributor.program_id == program.id, Distributor.person_of_id.is_(None))
            .order_by(Distributor.id)
            .limit(SAMPLE_DISTRIBUTORS * 10)
        ).all()
    )
    pairs = [(one, which) for one in people for which in about]
    happened = Happened(
        distributor_id=np.asarray([one for one, _ in pairs], dtype=np.int64),
        event=np.full(len(pairs), str(rule.event), dtype=object),
        about=np.asarray([which for _, which in pairs], dtype=object),
        on=np.full(len(pairs), np.datetime64(program.starts_on, "D")),
    )
    by_code = {one.code: one for one in others}
    return [
        Worked(
            other=by_code[clash.code],
            policy=policies.get(rule.stack, "sum"),
            lines=clash.lines,
            number=None,
            issued_on=None,
            distributor=people[int(happened.distributor_id[clash.line])],
            product="",
            quantity_milli=0,
            amount_minor=0,
            mine=clash.mine,
            theirs=clash.theirs,
            total=clash.total,
            kept=clash.kept,
            besides=clash.besides,
        )
        for clash in clashes_on_events(rule, others, policies, ground, happened)
    ]


def _newest(session: Session, program: Program) -> Sales:
    """Take the lines of the newest invoices that counted."""
    documents = session.execute(
        select(
            SalesDocument.id,
            SalesDocument.distributor_id,
            SalesDocument.number,
            SalesDocument.issued_on,
            SalesDocument.issued_minute,
            SalesDocument.outlet,
            SalesDocument.channel,
        )
        .where(
            SalesDocument.program_id == program.id,
            SalesDocument.status == DocumentStatus.ACCEPTED,
            SalesDocument.kind == DocumentKind.INVOICE,
        )
        .order_by(SalesDocument.issued_on.desc(), SalesDocument.id.desc())
        .limit(MOST_DOCUMENTS)
    ).all()
    place = {row.id: at for at, row in enumerate(documents)}
    lines = session.execute(
        select(
            SalesLine.document_id,
            SalesLine.line_number,
            SalesLine.product_id,
            SalesLine.quantity_milli,
            SalesLine.unit_price_micro,
            SalesLine.net_minor,
            SalesLine.gross_minor,
            SalesLine.discounted,
            SalesLine.outlet,
            SalesLine.channel,
        )
        .where(SalesLine.document_id.in_(place))
        .order_by(SalesLine.document_id, SalesLine.line_number)
        .limit(MOST_LINES)
    ).all()
    lines = sorted(lines, key=lambda line: (place[line.document_id], line.line_number))
    return Sales(
        _documents([tuple(row)[1:] for row in documents]),
        _lines(
            [
                (
                    place[line.document_id],
                    line.line_number,
                    line.product_id,
                    line.quantity_milli,
                    NO_PRICE if line.unit_price_micro is None else line.unit_price_micro,
                    line.net_minor,
                    NO_AMOUNT if line.gross_minor is None else line.gross_minor,
                    UNKNOWN if line.discounted is None else int(line.discounted),
                )
                for line in lines
            ],
            outlet=[line.outlet for line in lines],
            channel=[line.channel for line in lines],
        ),
    )


def _samples(session: Session, program: Program) -> Sales:
    """Make an invoice of every product for some distributors of each group: ten pieces of each, at 100.00."""
    products = session.scalars(
        select(Product.id).where(Product.program_id == program.id).order_by(Product.id).limit(SAMPLE_PRODUCTS)
    ).all()
    people = session.scalars(
        select(func.min(Distributor.id))
        .where(Distributor.program_id == program.id, Distributor.person_of_id.is_(None))
        .group_by(Distributor.group_id, Distributor.tier)
        .order_by(func.min(Distributor.id))
        .limit(SAMPLE_DISTRIBUTORS)
    ).all()
    net = SAMPLE_QUANTITY_MILLI // 1_000 * SAMPLE_PIECE_MINOR
    price = SAMPLE_PIECE_MINOR * 1_000_000
    return Sales(
        _documents([(one, "", program.starts_on, 12 * 60, None, None) for one in people]),
        _lines(
            [
                (document, at, product, SAMPLE_QUANTITY_MILLI, price, net, net, 0)
                for document in range(len(people))
                for at, product in enumerate(products, start=1)
            ]
        ),
    )


def _documents(rows: Sequence[tuple[Any, ...]]) -> Documents:
    who, number, issued_on, minute, outlet, channel = zip(*rows, strict=True) if rows else ([], [], [], [], [], [])
    return Documents(
        distributor_id=np.asarray(who, dtype=np.int64),
        kind=np.full(len(rows), DocumentKind.INVOICE, dtype=np.int8),
        number=np.asarray(number, dtype=object),
        issued_on=np.asarray(issued_on, dtype="datetime64[D]"),
        minute=np.asarray([UNKNOWN if one is None else one for one in minute], dtype=np.int16),
        corrects=np.full(len(rows), None, dtype=object),
        outlet=np.asarray(outlet, dtype=object),
        channel=np.asarray(channel, dtype=object),
        person=np.full(len(rows), None, dtype=object),
    )


def _lines(rows: Sequence[tuple[int, ...]], **own: Sequence[str | None]) -> Lines:
    table = np.asarray(rows, dtype=np.int64).reshape(-1, 8)
    return Lines(
        document=table[:, 0],
        line_number=table[:, 1].astype(np.int32),
        product_id=table[:, 2],
        quantity_milli=table[:, 3],
        unit_price_micro=table[:, 4],
        net_minor=table[:, 5],
        gross_minor=table[:, 6],
        discounted=table[:, 7].astype(np.int8),
        source_row=np.full(len(rows), UNKNOWN, dtype=np.int32),
        **{name: np.asarray(texts, dtype=object) for name, texts in own.items() if any(texts)},
    )
