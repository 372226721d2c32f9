"""A year of invoices: who sold what to whom is made up, the shape of it is not."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.demo.calendar import DAYS, GARDEN_MONTHS, day_weights
from app.demo.distributors import Distributor
from app.demo.numbering import HABITS, invoice_numbers
from app.demo.products import BY_METRE, Product
from app.demo.sellers import seller_on, sellers

INVOICES = 2_850
FREE_LINES = 60
DISCOUNT_LINES = 45

NOVELTIES = frozenset({"WK-105", "WK-106"})  # programme.yaml has a rule for them
DISCOUNT = ("RABAT", "Rabat transakcyjny")
FREIGHT = ("TRANSPORT", "Transport")


class Trade(NamedTuple):
    """How a group of distributors sells: its share of all invoices, lines per invoice, worth of a line, discount."""

    share: float
    more_lines: float
    line_worth: int
    discount_bp: tuple[int, int]


TRADES = {
    "Hurtownie": Trade(0.42, 4.0, 130_000, (1_800, 3_200)),
    "Sklepy narzędziowe": Trade(0.36, 1.9, 84_000, (500, 1_500)),
    "Sprzedaż internetowa": Trade(0.22, 0.9, 40_000, (0, 1_200)),
}


@dataclass(frozen=True)
class Line:
    """One line of a document; `net_minor` is quantity times price, rounded half up."""

    product: str
    name: str
    unit: str
    quantity_milli: int
    price_minor: int

    @property
    def net_minor(self) -> int:
        """Round half away from zero, so that a return is worth what the sale was."""
        worth = self.quantity_milli * self.price_minor
        return (abs(worth) + 500) // 1000 * (1 if worth >= 0 else -1)


@dataclass
class Document:
    """An invoice or a credit note. `habit` is how its distributor numbers documents."""

    distributor: str
    habit: int
    number: str
    issued_on: dt.date
    lines: list[Line] = field(default_factory=list)
    corrects: str = ""
    seller: str = ""

    @property
    def net_minor(self) -> int:
        """Sum the lines."""
        return sum(line.net_minor for line in self.lines)


def invoices(distributors: list[Distributor], products: list[Product], rng: np.random.Generator) -> list[Document]:
    """Sell for a year, in the order of distributors and dates."""
    documents: list[Document] = []
    for place, (distributor, count) in enumerate(_shares(distributors, rng)):
        documents.extend(_year_of(distributor, count, place, products, rng))
    _add_free_lines(documents, products, rng)
    _add_discounts(documents, rng)
    return documents


def _shares(distributors: list[Distributor], rng: np.random.Generator) -> Iterator[tuple[Distributor, int]]:
    sizes = {group: sum(one.size for one in distributors if one.group == group) for group in TRADES}
    weights = np.array([TRADES[one.group].share * one.size / sizes[one.group] for one in distributors])
    counts = rng.multinomial(INVOICES, weights / weights.sum())
    return zip(distributors, counts.tolist(), strict=True)


def _year_of(
    distributor: Distributor, count: int, place: int, products: list[Product], rng: np.random.Generator
) -> Iterator[Document]:
    trade, habit, names = TRADES[distributor.group], place % len(HABITS), sellers(place)
    places = np.sort(rng.choice(len(DAYS), size=count, p=day_weights(distributor.group)))
    dates = [DAYS[place] for place in places.tolist()]
    numbers = invoice_numbers(HABITS[habit], dates, rng)
    discount_bp = int(rng.integers(*trade.discount_bp))
    liking = _liking(products, rng)
    for number, day in zip(numbers, dates, strict=True):
        document = Document(distributor.code, habit, number, day, seller=seller_on(names, day))
        wanted = 1 + min(int(rng.poisson(trade.more_lines * rng.gamma(2.0, 0.5))), 17)
        weights = liking * _season(products, day)
        for place in rng.choice(len(products), size=wanted, replace=False, p=weights / weights.sum()).tolist():
            document.lines.append(_line(products[place], day, discount_bp, trade, rng))
        if distributor.group == "Sprzedaż internetowa" and rng.random() < 0.15:
            document.lines.append(Line(*FREIGHT, "szt.", 1000, 1599))
        yield document


def _liking(products: list[Product], rng: np.random.Generator) -> NDArray[np.float64]:
    """Let every distributor sell some products more often than others, and all of them the new ones."""
    liking: NDArray[np.float64] = rng.gamma(0.6, 1.0, len(products)) + 0.05
    for place, product in enumerate(products):
        if product.code in NOVELTIES:
            liking[place] += 8.0
    return liking


def _season(products: list[Product], day: dt.date) -> NDArray[np.float64]:
    garden = 3.5 if day.month in GARDEN_MONTHS else 0.5
    return np.array([garden if product.parent == "Ogród" else 1.0 for product in products])


def _line(product: Product, day: dt.date, discount_bp: int, trade: Trade, rng: np.random.Generator) -> Line:
    raised = 10_300 if day.year == 2026 else 10_000  # the new year's price list
    price = max((product.price_minor * raised * (10_000 - discount_bp) + 50_000_000) // 100_000_000, 1)
    wanted = trade.line_worth * float(rng.lognormal(-0.3, 0.8)) / price
    quantity_milli = _half_metres(wanted) if product.group == BY_METRE else _packs(wanted)
    return Line(product.code, product.name, product.unit, quantity_milli, price)


def _half_metres(wanted: float) -> int:
    return 500 * max(round(min(wanted, 200) * 2), 1)


def _packs(wanted: float) -> int:
    """Order small things by the five, the ten and the hundred."""
    step = 1 if wanted < 8 else 5 if wanted < 40 else 10 if wanted < 200 else 100
    return 1000 * max(min(round(wanted / step) * step, 1_000), 1)


def _add_free_lines(documents: list[Document], products: list[Product], rng: np.random.Generator) -> None:
    gadgets = [product for product in products if product.price_minor < 2_500 and product.unit == "szt."]
    large = [document for document in documents if document.net_minor > 300_000]
    for place in rng.choice(len(large), size=FREE_LINES, replace=False).tolist():
        bought = {line.product for line in large[place].lines}
        fitting = [gadget for gadget in gadgets if gadget.code not in bought]
        gift = fitting[int(rng.integers(len(fitting)))]
        large[place].lines.append(Line(gift.code, gift.name, gift.unit, 1000, 0))


def _add_discounts(documents: list[Document], rng: np.random.Generator) -> None:
    large = [document for document in documents if document.net_minor > 150_000]
    for place in rng.choice(len(large), size=DISCOUNT_LINES, replace=False).tolist():
        discount = large[place].net_minor * int(rng.integers(2, 6)) // 10_000 * 100
        large[place].lines.append(Line(*DISCOUNT, "szt.", 1000, -discount))
