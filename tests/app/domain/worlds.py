"""Small worlds for property tests: a programme, its catalogue and documents, told to the engine and to the reference.

A world is plain data. ``compiled`` and ``columns`` say it in the engine's words, ``lines_of`` in the reference's; they
share nothing but the world itself.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

import numpy as np
import yaml

from app.domain.documents.catalogue import Catalogue, GroupTree
from app.domain.documents.placements import beside, stretches, unrolled
from app.domain.documents.sales import NO_AMOUNT, NO_PRICE, UNKNOWN, Documents, Flags, Lines, Sales, in_counting_order
from app.domain.measures.money import smallest_units
from app.domain.measures.scale import Scale
from app.domain.program_file.definition import ProgramFile, problems_of
from app.domain.rules.caps import CapUsage
from app.domain.rules.earning import Awards, award
from app.domain.rules.explain import CUT_NAMES
from app.domain.rules.rule_compiling import compile_rules
from app.domain.rules.rulebook import RuleBook, RuleVersion
from app.domain.states import Cut, DocumentKind, Unit
from app.domain.typed.codes import code_key
from tests.reference import sales as reference
from tests.reference.earning import Award as ReferenceAward
from tests.reference.programme import read_catalogue
from tests.reference.run import Result, count

DECIMALS = {"PLN": 2, "JPY": 0, "KWD": 3}
UNITS = {Unit.POINTS: "points", Unit.MONEY: "money"}


@dataclass(frozen=True)
class SoldLine:
    """A line: amounts in minor units, the price in whole currency."""

    number: int
    product: str
    quantity_milli: int
    net_minor: int
    gross_minor: int
    unit_price: Decimal | None = None
    discounted: bool = False
    outlet: str | None = None
    channel: str | None = None


@dataclass(frozen=True)
class Paper:
    """An invoice or a credit note."""

    distributor: str
    kind: str
    number: str
    issued_on: dt.date
    lines: tuple[SoldLine, ...]
    minute: int | None = None
    outlet: str | None = None
    channel: str | None = None
    corrects: str | None = None

    @property
    def label(self) -> str:
        """Name it in a failure."""
        return f"{self.kind} {self.number} of {self.distributor}"


@dataclass(frozen=True)
class World:
    """A programme file (its products and distributors in it), and documents in the order of a file."""

    file: Mapping[str, Any]
    papers: tuple[Paper, ...]

    def __repr__(self) -> str:
        told = [yaml.safe_dump(dict(self.file), sort_keys=False, allow_unicode=True)]
        for paper in self.papers:
            extras = [f"{name}={getattr(paper, name)}" for name in ("minute", "outlet", "channel", "corrects")]
            told.append(f"{paper.label}, {paper.issued_on}, {', '.join(one for one in extras if 'None' not in one)}")
            for line in paper.lines:
                told.append(
                    f"  {line.number}: {line.quantity_milli / 1000} {line.product}, net {line.net_minor}, "
                    f"gross {line.gross_minor}, price {line.unit_price}{', discounted' * line.discounted}, "
                    f"outlet {line.outlet}, channel {line.channel}"
                )
        return "\n".join(told)


# ---------------------------------------------------------------------------------------- in the engine's words


def file_of(world: World) -> dict[str, Any]:
    """Give what a programme file says of a world: it has no distributors, and nobody in it moves."""
    told = {name: part for name, part in world.file.items() if name != "distributors"}
    told["products"] = [{name: of[name] for name in of if name != "moves"} for of in told["products"]]
    return told


def definition(world: World) -> ProgramFile:
    """Read the programme as its file is read; a world must be a programme without a problem."""
    file = ProgramFile.model_validate(file_of(world))
    assert problems_of(file) == []
    return file


def catalogue(world: World) -> Catalogue:
    """Lay products and distributors out by ids that have gaps."""

    def tree(part: str) -> GroupTree:
        groups = world.file[part]
        at = {code_key(group["code"]): position for position, group in enumerate(groups)}
        return GroupTree(
            code=[group["code"] for group in groups],
            name=[group["name"] for group in groups],
            aliases=[group.get("aliases", []) for group in groups],
            parent=[at[code_key(group["parent"])] if group.get("parent") else -1 for group in groups],
        )

    products, distributors = world.file["products"], world.file["distributors"]
    product_ids, product_days, product_groups = unrolled(
        _present(products, 3, 5), {5 + 3 * at: _course(one, "moves", "group") for at, one in enumerate(products)}
    )
    ids, days, standing = unrolled(
        _present(distributors, 7, 2),
        {
            2 + 7 * at: beside(_course(one, "moves", "group"), _course(one, "tiers", "tier"))
            for at, one in enumerate(distributors)
        },
    )
    return Catalogue(
        product_ids=np.asarray(product_ids, dtype=np.int64),
        product_keys=[code_key(products[(id_ - 5) // 3]["code"]) for id_ in product_ids],
        product_group=_places(world.file["product_groups"], product_groups),
        product_groups=tree("product_groups"),
        distributor_ids=np.asarray(ids, dtype=np.int64),
        distributor_keys=[code_key(distributors[(id_ - 2) // 7]["code"]) for id_ in ids],
        distributor_group=_places(world.file["distributor_groups"], [group for group, _ in standing]),
        distributor_tier=[tier for _, tier in standing],
        distributor_groups=tree("distributor_groups"),
        product_stretches=stretches(np.asarray(product_ids), product_days),
        distributor_stretches=stretches(np.asarray(ids), days),
    )


def _present(things: Sequence[Mapping[str, Any]], step: int, first: int) -> Iterator[tuple[int, Any]]:
    """Number things by ids that have gaps; where they are, their courses say."""
    return ((first + step * at, None) for at in range(len(things)))


def _course(thing: Mapping[str, Any], title: str, what: str) -> dict[dt.date | None, Any]:
    """Tell where a thing is from which day on, from the beginning."""
    moves = {dt.date.fromisoformat(one["from"]): one[what] for one in thing.get(title, [])}
    return {None: thing.get(what), **moves}


def _places(groups: Sequence[Mapping[str, Any]], codes: Sequence[str | None]) -> np.ndarray:
    at = {code_key(group["code"]): position for position, group in enumerate(groups)}
    return np.asarray([-1 if code is None else at[code_key(code)] for code in codes], dtype=np.int64)


def compiled(world: World) -> RuleBook:
    """Compile the programme's rules; rule n of the file has the ids 100 + n."""
    file = definition(world)
    rules = [*file.earning_rules, *file.matrices]
    program = file.program
    return compile_rules(
        [RuleVersion(100 + at, 100 + at, 1, rule.valid_from, rule) for at, rule in enumerate(rules)],
        catalogue(world),
        scale=Scale(program.point.decimals, DECIMALS[program.currency], gross=program.earns_on == "gross"),
        stacks=file.stacks,
        named_days=file.named_days,
        starts_on=program.starts_on,
        ends_on=program.ends_on,
    )


def columns(world: World) -> tuple[Sales, list[Paper]]:
    """Lay the documents out as columns in counting order. Also gives the papers in that order."""
    known = catalogue(world)
    distributor = {key: int(known.distributor_ids[at]) for at, key in enumerate(known.distributor_keys)}
    product = {key: int(known.product_ids[at]) for at, key in enumerate(known.product_keys)}
    decimals = DECIMALS[world.file["program"]["currency"]]

    def texts(values: Sequence[str | None]) -> np.ndarray:
        return np.asarray([*values, None], dtype=object)[:-1]

    def own(values: Sequence[str | None]) -> np.ndarray | None:
        return texts(values) if any(values) else None

    papers = list(world.papers)
    documents = Documents(
        distributor_id=np.asarray([distributor[code_key(one.distributor)] for one in papers], dtype=np.int64),
        kind=np.asarray([DocumentKind[one.kind.upper()] for one in papers], dtype=np.int8),
        number=texts([one.number for one in papers]),
        issued_on=np.asarray([one.issued_on for one in papers], dtype="datetime64[D]"),
        minute=np.asarray([UNKNOWN if one.minute is None else one.minute for one in papers], dtype=np.int16),
        corrects=texts([one.corrects for one in papers]),
        outlet=texts([one.outlet for one in papers]),
        channel=texts([one.channel for one in papers]),
        person=texts([None for _ in papers]),
    )
    order = in_counting_order(documents)
    ordered = Documents(*(getattr(documents, field.name)[order] for field in fields(documents)))
    papers = [papers[at] for at in order.tolist()]
    rows = [
        (place, line) for place, paper in enumerate(papers) for line in sorted(paper.lines, key=lambda one: one.number)
    ]
    lines = Lines(
        document=np.asarray([place for place, _ in rows], dtype=np.int64),
        line_number=np.asarray([line.number for _, line in rows], dtype=np.int32),
        product_id=np.asarray([product[code_key(line.product)] for _, line in rows], dtype=np.int64),
        quantity_milli=np.asarray([line.quantity_milli for _, line in rows], dtype=np.int64),
        unit_price_micro=np.asarray(
            [
                NO_PRICE if line.unit_price is None else smallest_units(line.unit_price, decimals + 6)
                for _, line in rows
            ],
            dtype=np.int64,
        ),
        net_minor=np.asarray([line.net_minor for _, line in rows], dtype=np.int64),
        gross_minor=np.asarray([line.gross_minor for _, line in rows], dtype=np.int64),
        discounted=np.asarray([1 if line.discounted else UNKNOWN for _, line in rows], dtype=np.int8),
        source_row=np.full(len(rows), UNKNOWN, dtype=np.int32),
        outlet=own([line.outlet for _, line in rows]),
        channel=own([line.channel for _, line in rows]),
    )
    return Sales(ordered, lines), papers


def first_purchases(world: World, papers: Sequence[Paper]) -> Flags:
    """Mark each distributor's first invoice within the programme; ``papers`` in counting order."""
    file = definition(world).program
    seen: set[str] = set()
    marks: list[bool] = []
    for paper in papers:
        inside = file.starts_on <= paper.issued_on and (file.ends_on is None or paper.issued_on <= file.ends_on)
        first = paper.kind == "invoice" and inside and paper.distributor not in seen
        if first:
            seen.add(paper.distributor)
        marks.append(first)
    return np.asarray(marks, dtype=bool)


Shown = dict[str, tuple[str, int, int, str | None]]
"""What a line got from a rule: (unit, given, given without caps, what cut it)."""


def shown(book: RuleBook, sales: Sales, papers: Sequence[Paper], awards: Awards) -> Shown:
    """Tell the engine's awards in words."""
    found: Shown = {}
    for at in range(len(awards)):
        line, rule = int(awards.line[at]), book.rules[int(awards.rule[at])]
        paper = papers[int(sales.lines.document[line])]
        cut = Cut(int(awards.cut_by[at]))
        name = None if cut is Cut.NOTHING else CUT_NAMES[cut].removeprefix("per_distributor.")
        found[f"{paper.label}, line {sales.lines.line_number[line]}, {rule.code}"] = (
            UNITS[rule.unit],
            int(awards.amount[at]),
            int(awards.uncut[at]),
            name,
        )
    return found


@dataclass(frozen=True)
class Engine:
    """A world ready to award: all at once or in parts."""

    world: World
    book: RuleBook
    sales: Sales
    papers: list[Paper]
    first: Flags

    @staticmethod
    def of(world: World) -> "Engine":
        """Compile the rules and lay the documents out."""
        sales, papers = columns(world)
        return Engine(world, compiled(world), sales, papers, first_purchases(world, papers))

    def until(self, count: int) -> "Engine":
        """Give the same world when only so many of its documents have come, in counting order; nothing is compiled."""
        lines = int(np.searchsorted(self.sales.lines.document, count))
        sales = self.sales.slice(0, count, 0, lines)
        return Engine(self.world, self.book, sales, self.papers[:count], self.first[:count])

    def awards(self) -> Awards:
        """Award all documents at once."""
        return award(self.book, self.sales, self.first, CapUsage())

    def told(self) -> Shown:
        """Award all documents at once, in words."""
        return shown(self.book, self.sales, self.papers, self.awards())

    def told_in_parts(self, parts: Sequence[Flags]) -> Shown:
        """Award the marked documents one part after the other; what caps used is carried over as it is stored."""
        stored: dict[tuple[int, Cut, int, int], int] = defaultdict(int)
        found: Shown = {}
        for part in parts:
            if not part.any():
                continue
            usage = CapUsage(before=dict(stored))
            sales = self.sales.select(part)
            papers = [paper for paper, mine in zip(self.papers, part.tolist(), strict=True) if mine]
            awards = award(self.book, sales, self.first[part], usage)
            found |= shown(self.book, sales, papers, awards)
            for key, amount in usage.added.items():
                stored[key] += amount
        return found


# ------------------------------------------------------------------------------------- in the reference's words


def lines_of(world: World) -> list[reference.SalesLine]:
    """Tell the documents line by line."""
    return [
        reference.SalesLine(
            document_number=paper.number,
            issued_on=paper.issued_on,
            distributor=paper.distributor,
            product=line.product,
            quantity_milli=line.quantity_milli,
            kind=paper.kind,
            line_number=line.number,
            unit_price=line.unit_price,
            net_minor=line.net_minor,
            gross_minor=None if line.gross_minor == NO_AMOUNT else line.gross_minor,
            outlet=line.outlet or paper.outlet,
            channel=line.channel or paper.channel,
            issued_at=None if paper.minute is None else dt.time(*divmod(paper.minute, 60), 59),
            discounted=line.discounted,
            corrects=paper.corrects,
        )
        for paper in world.papers
        for line in paper.lines
    ]


def counted(world: World) -> Result:
    """Let the reference count the world."""
    file = dict(world.file)
    return count(file, read_catalogue(file), lines_of(world))


def expected(result: Result) -> Shown:
    """Tell the reference's awards in words."""
    papers = {document.key: document for document in result.documents}
    told: Shown = {}
    for one in result.awards:
        document = papers[one.document]
        label = f"{document.kind} {document.number} of {one.distributor}, line {one.line_number}, {one.rule}"
        told[label] = _told(one)
    return told


def _told(one: ReferenceAward) -> tuple[str, int, int, str | None]:
    return (one.unit, one.points, one.before_caps, one.cut_by)
