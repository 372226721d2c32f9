"""Worlds that nobody thought of: rules, catalogues and documents by chance, for properties that hold in all of them."""

import datetime as dt
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import strategies as st

from tests.app.domain.worlds import DECIMALS, Paper, SoldLine, World

# ------------------------------------------------------------------------------------------------- making worlds

PRODUCTS = ("P1", "85123A", "P-3", "ŁOŻYSKO", "X5")
DISTRIBUTORS = ("D1", "ŻABKA", "D3")
TIERS = (None, "Gold", "silver")
STACKS = ("base", "extra", "boost")
POLICIES = ("sum", "best", "first")
NUMBERS = ("1", "2", "10", "A1", "FV/3/2025")
NAMED_DAYS = {"holidays": ["2025-01-01", "2025-03-31"], "fair": ["2025-04-01"]}
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLOCKS = ("00:00", "08:00", "08:30", "12:00", "24:00")
EDGES = [
    dt.date.fromisoformat(day)
    for day in (
        "2025-01-01",
        "2025-01-31",
        "2025-02-28",
        "2025-03-31",
        "2025-04-01",
        "2025-04-02",
        "2025-12-31",
        "2026-01-01",
        "2026-02-28",
        "2026-03-01",
        "2024-12-31",
    )
]
_index = cache(lambda low, high: st.integers(low, high))


class Dice:
    """What a world is thrown with: every throw is one of hypothesis' own, so what fails shrinks.

    Choices shrink to the first option, numbers to the lowest, lists to short ones.
    """

    def __init__(self, draw: st.DrawFn) -> None:
        """Take the draw of a composite strategy."""
        self._draw = draw

    def whole(self, low: int, high: int) -> int:
        """Throw a whole number."""
        return self._draw(_index(low, high))

    def of(self, *options: Any) -> Any:
        """Take one of the options."""
        return options[self.whole(0, len(options) - 1)] if len(options) > 1 else options[0]

    def once_in(self, times: int) -> bool:
        """Say yes once in so many times."""
        return self.whole(0, times - 1) == times - 1

    def many(self, least: int, most: int) -> Iterator[int]:
        """Count from 0 to some number of things to make, rather more than fewer."""
        at = 0
        while at < most and (at < least or self.whole(0, 4)):
            yield at
            at += 1

    def some(self, *options: Any) -> list[Any]:
        """Take one to three of the options."""
        return list(dict.fromkeys(self.of(*options) for _ in range(self.whole(1, 3))))

    def written(self, low: int, high: int, decimals: int) -> str:
        """Write a number of smallest units as people do."""
        return str(Decimal(self.whole(low, high)).scaleb(-decimals))

    def spelled(self, codes: Sequence[str]) -> list[str]:
        """Take one to three codes, written in ways that compare as one."""
        return [self.of(code, code.lower(), f" {code} ") for code in self.some(*codes)]

    def day(self) -> dt.date:
        """Take a day, often one at which something begins or ends."""
        if self.once_in(2):
            return dt.date(2025, 1, 1) + dt.timedelta(self.whole(0, 119))
        return self.of(*EDGES)

    def shuffled(self, things: list[Any]) -> list[Any]:
        """Put things in another order."""
        rest, found = list(things), []
        while rest:
            found.append(rest.pop(self.whole(0, len(rest) - 1) if len(rest) > 1 else 0))
        return found


def _tree(dice: Dice, codes: Sequence[str]) -> list[dict[str, Any]]:
    """Make groups with parents, names and aliases; one may bear another's code as its alias or name."""
    groups: list[dict[str, Any]] = []
    for at in dice.many(0, len(codes)):
        code = codes[at]
        group: dict[str, Any] = {"code": code, "name": codes[0] if dice.once_in(6) else f"The {code}"}
        if dice.once_in(3):
            group["aliases"] = dice.some(f"{code} alias", "shared alias", codes[-1])
        if groups and dice.once_in(2):
            group["parent"] = dice.of(*(above["code"] for above in groups))
        groups.append(group)
    return dice.shuffled(groups)


def _called(groups: Sequence[Mapping[str, Any]]) -> list[str]:
    """List what groups are called, and a name that none has."""
    return [name for group in groups for name in (group["code"], group["name"], *group.get("aliases", []))] + [
        "nowhere"
    ]


@dataclass(frozen=True)
class _Kit:
    """What a world's rules are made of."""

    dice: Dice
    currency: str
    point_decimals: int
    product_groups: list[dict[str, Any]]
    distributor_groups: list[dict[str, Any]]
    about: str | None

    @property
    def minor_digits(self) -> int:
        return DECIMALS[self.currency]

    def money(self, low: int, high: int) -> str:
        return self.dice.written(low, high, self.minor_digits)


def _range(dice: Dice, high: int, decimals: int) -> dict[str, str]:
    pair = sorted((dice.whole(0, high), dice.whole(0, high)))
    limits = {"least": str(Decimal(pair[0]).scaleb(-decimals)), "most": str(Decimal(pair[1]).scaleb(-decimals))}
    ends = dice.of("both", "least", "most")
    return limits if ends == "both" else {ends: limits[ends]}


CONDITIONS: Mapping[str, Callable[[Dice, _Kit], Any]] = {
    "products": lambda dice, _: dice.spelled([*PRODUCTS, "none"]),
    "product_groups": lambda dice, kit: dice.spelled(_called(kit.product_groups)),
    "exclude_products": lambda dice, _: dice.spelled([*PRODUCTS, "none"]),
    "exclude_product_groups": lambda dice, kit: dice.spelled(_called(kit.product_groups)),
    "distributors": lambda dice, _: dice.spelled(DISTRIBUTORS),
    "distributor_groups": lambda dice, kit: dice.spelled(_called(kit.distributor_groups)),
    "tiers": lambda dice, _: dice.some("gold", "Silver", "none"),
    "outlets": lambda dice, _: dice.some("north", "SOUTH"),
    "channels": lambda dice, _: dice.some("web", "desk"),
    "document_kinds": lambda dice, _: dice.some("invoice", "invoice", "credit_note"),
    "from": lambda dice, _: str(dice.day()),
    "until": lambda dice, _: str(dice.day()),
    "weekdays": lambda dice, _: dice.some(*WEEKDAYS),
    "days": lambda dice, _: dice.some(*NAMED_DAYS),
    "hours": lambda dice, _: dict(
        zip(("from", "until"), dice.of(*itertools.combinations(CLOCKS, 2)), strict=True),
    ),
    "line_amount": lambda dice, kit: _range(dice, 20_000, kit.minor_digits + 1),
    "quantity": lambda dice, _: _range(dice, 40_000, 4),
    "unit_price": lambda dice, _: _range(dice, 10_000, 3),
    "first_purchase": lambda _, __: True,
    "without_discounted": lambda _, __: True,
}


def _scope(kit: _Kit) -> dict[str, Any]:
    """Make a scope of up to three conditions of any sort, besides the one that the world is about."""
    dice = kit.dice
    about = [kit.about] if kit.about in CONDITIONS else []
    names = dice.some(*CONDITIONS) if not about or dice.once_in(3) else []
    scope = {name: CONDITIONS[name](dice, kit) for name in dict.fromkeys([*about, *names])}
    if scope.get("until", "9") < scope.get("from", ""):
        scope["from"], scope["until"] = scope["until"], scope["from"]
    return scope


SPANS = ("day", "month", "quarter", "year", "program")
CAPS = ("per_document", *SPANS, "budget")


def _caps(dice: Dice, decimals: int, about: str | None) -> dict[str, Any]:
    """Make caps that are low enough to cut something; the one alone that the world is about."""
    if about in SPANS:
        return {"per_distributor": {about: dice.written(0, 120, decimals)}}
    if about in CAPS:
        return {about: dice.written(1, 60, decimals)}
    spans = dice.some(*SPANS)
    made: dict[str, Any] = {}
    if dice.once_in(2):
        made["per_distributor"] = {span: dice.written(0, 120, decimals) for span in spans}
    if dice.once_in(2):
        made["per_document"] = dice.written(0, 60, decimals)
    if dice.once_in(2) or not made:
        made["budget"] = dice.written(1, 300, decimals)
    return made


def _parameters(kit: _Kit, kind: str, decimals: int) -> dict[str, Any]:
    """Make what a rule of this kind has of its own."""
    dice = kit.dice

    def whole() -> str:
        return dice.written(1, 40 * 10**decimals, decimals)

    if kind == "per_unit":
        return {"points": whole() if dice.once_in(2) else dice.written(1, 3 * 10 ** (decimals + 6), decimals + 6)}
    if kind == "per_amount":
        return {"points": whole(), "step": kit.money(1, 3_000), "of": dice.of("document", "line")}
    if kind == "per_line":
        return {"points": whole()}
    if kind == "per_document":
        least = {"least_amount": kit.money(0, 5_000)} if dice.once_in(2) else {}
        return {"points": whole(), **least}
    if kind == "multiplier":
        return {"factor": dice.whole(10_001, 50_000)}
    amounts = kind == "amount_bands"
    starts = {dice.whole(0, 9_000 if amounts else 4) for _ in dice.many(1, 3)}
    return {
        "bands": [
            {
                "from": str(Decimal(start).scaleb(-kit.minor_digits)) if amounts else start,
                "points": dice.written(0, 300, decimals),
            }
            for start in sorted(starts)
        ]
    }


def _grid(kit: _Kit, decimals: int) -> dict[str, Any]:
    """Make what a matrix has of its own."""
    dice = kit.dice
    made: dict[str, Any] = {"kind": dice.of("per_unit", "per_amount")}

    def rate() -> str:
        if made["kind"] == "per_unit" and dice.once_in(2):
            return dice.written(0, 3 * 10 ** (decimals + 6), decimals + 6)
        return dice.written(0, 20 * 10**decimals, decimals)

    if made["kind"] == "per_amount":
        made |= {"step": kit.money(1, 3_000), "of": dice.of("document", "line")}
    rows = [group["code"] for group in kit.product_groups] + ["nowhere"]
    across = [group["code"] for group in kit.distributor_groups] + ["nobody"]
    made["rates"] = {
        row: {column: rate() for column in across if not dice.once_in(4)} for row in rows if not dice.once_in(3)
    }
    if dice.once_in(2):
        made["default"] = rate()
    return made


KINDS = ("per_amount", "per_unit", "per_line", "per_document", "amount_bands", "line_count_bands", "multiplier")


def _rule(kit: _Kit, code: str) -> dict[str, Any]:
    """Make an earning rule or a matrix (which has rates)."""
    dice = kit.dice
    kind = dice.of(*KINDS, "multiplier", "matrix", "matrix")
    unit = dice.of("points", "points", "money")
    decimals = kit.point_decimals if unit == "points" else kit.minor_digits
    rule: dict[str, Any] = {"code": code, "name": f"Rule {code}", "kind": kind, "unit": unit}
    rule |= _grid(kit, decimals) if kind == "matrix" else _parameters(kit, kind, decimals)
    rule["stack"] = dice.of(*STACKS)
    if dice.once_in(2):
        rule["priority"] = dice.whole(0, 3)
    if kit.about in CONDITIONS or dice.once_in(2):
        rule["scope"] = _scope(kit)
    if kit.about in CAPS or dice.once_in(3):
        rule["caps"] = _caps(dice, decimals, kit.about)
    return rule


def _line(dice: Dice, number: int, *, elsewhere: bool) -> SoldLine:
    """Make a sale most of the time; else a discount, a free line, a return, or something odd.

    ``elsewhere``: it may be sold in another outlet, or by another channel, than its document's.
    """
    sort = dice.of("sale", "sale", "sale", "sale", "sale", "discount", "free", "return", "odd")
    quantity = dice.whole(1, 20) * 1000 if dice.once_in(2) else dice.whole(1, 50_000)
    net = dice.whole(1, dice.of(300, 30_000, 30_000, 10**11))
    if sort == "discount":
        quantity, net = dice.of(0, 1000), -(net % 5_000) - 1
    elif sort == "free":
        net = 0
    elif sort == "return":
        quantity, net = -quantity, -net
    elif sort == "odd":
        quantity, net = dice.of((0, net), (0, 0), (-quantity, net), (quantity, -net))
    return SoldLine(
        number=number,
        product=dice.of(*PRODUCTS),
        quantity_milli=quantity,
        net_minor=net,
        gross_minor=dice.of(net, net * 123 // 100, net + (net > 0)),
        unit_price=Decimal(dice.whole(0, 100_000)).scaleb(-4) if dice.once_in(2) else None,
        discounted=dice.once_in(4),
        outlet=dice.of(None, None, "South ", "east") if elsewhere else None,
        channel=dice.of(None, None, "desk") if elsewhere else None,
    )


def _paper(dice: Dice) -> Paper:
    """Make a document, an invoice most of the time."""
    number = dice.whole(1, 3)
    elsewhere = dice.once_in(3)
    lines: list[SoldLine] = []
    for _ in dice.many(1, 5):
        lines.append(_line(dice, number, elsewhere=elsewhere))
        number += dice.whole(1, 2)
    return Paper(
        distributor=dice.of(*DISTRIBUTORS),
        kind=dice.of("invoice", "invoice", "invoice", "invoice", "credit_note"),
        number=dice.of(*NUMBERS),
        issued_on=dice.day(),
        lines=tuple(dice.shuffled(lines)) if dice.once_in(4) else tuple(lines),
        minute=dice.of(None, 0, 479, 480, 510, 720, 1439),
        outlet=dice.of(None, "North", "south"),
        channel=dice.of(None, "WEB"),
    )


def _known(dice: Dice, codes: Sequence[str], groups: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    places = [group["code"] for group in groups]
    places += [*places, None]
    return [
        {"code": code, "name": code, "group": dice.of(*places), "moves": _moves(dice, "group", places)}
        for code in codes
    ]


def _moves(dice: Dice, what: str, places: Sequence[str | None]) -> list[dict[str, Any]]:
    """Move something on up to two days, or, more often, never."""
    days = {dice.day() for _ in dice.many(1, 2)} if dice.once_in(3) else set()
    return [{"from": str(day), what: dice.of(*places)} for day in sorted(days)]


@st.composite
def worlds(draw: st.DrawFn, about: str | None = None) -> World:
    """Make a programme of up to five rules, and up to eight documents.

    A world may be about one condition of scopes, or one cap: every rule of it has that then.
    """
    dice = Dice(draw)
    kit = _Kit(
        dice,
        currency=dice.of("PLN", "PLN", "JPY", "KWD"),
        point_decimals=dice.of(0, 0, 1, 2),
        product_groups=_tree(dice, ("bikes", "road", "race", "tools")),
        distributor_groups=_tree(dice, ("shops", "big", "small")),
        about=about,
    )
    made = [_rule(kit, ("r1", "r2", "a3", "R4", "b5")[at]) for at in dice.many(1, 5)]
    distributors = _known(dice, DISTRIBUTORS, kit.distributor_groups)
    stacks = {"extra": dice.of("best", "first"), "boost": dice.of(*POLICIES)}
    file = {
        "schema": "kontor/1",
        "program": {
            "code": "world",
            "name": "World",
            "sponsor": "Test",
            "currency": kit.currency,
            "country": "PL",
            "time_zone": "Europe/Warsaw",
            "starts_on": "2025-01-01",
            "ends_on": dice.of(None, "2026-02-28", "2025-03-31"),
            "earns_on": dice.of("net", "net", "gross"),
            "point": {"value": "0.10", "decimals": kit.point_decimals},
        },
        "distributor_groups": kit.distributor_groups,
        "product_groups": kit.product_groups,
        "products": _known(dice, PRODUCTS, kit.product_groups),
        "distributors": [
            {**one, "tier": dice.of(*TIERS), "tiers": _moves(dice, "tier", TIERS)} for one in distributors
        ],
        "stacks": {**stacks, "base": dice.of(*POLICIES)} if dice.once_in(2) else stacks,
        "named_days": NAMED_DAYS,
        "earning_rules": [rule for rule in made if "rates" not in rule],
        "matrices": [rule for rule in made if "rates" in rule],
    }
    documents = [_paper(dice) for _ in dice.many(2, 8)]
    unique = {(paper.distributor, paper.kind, paper.number): paper for paper in documents}
    return World(file, tuple(unique.values()))
