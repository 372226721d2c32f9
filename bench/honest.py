"""Honest claims, made of real lines: the reseller sales of AdventureWorks, or of a market of our own making.

Each reseller numbers its invoices in a way of its own, one by one.
"""

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np

from app.domain.documents.numbering import number_keys
from app.domain.documents.sales import NO_AMOUNT, UNKNOWN, Documents, Lines, Sales, in_counting_order
from app.domain.states import DocumentKind
from verification.checks.facts import Pdfs, Proofs, Readings
from verification.incoming import Incoming

SALES = Path("reseller_sales_adventureworks") / "FactResellerSales_2017-07_2019-06.csv"
LIMIT_MINOR = 50_000_00
"""Above this two people decide; who splits an invoice stays below."""
WITHIN_DAYS = 120
"""Claims come within so many days."""
MICRO = 1_000_000
SHARED = 60
"""One reseller in so many shares its device with another."""
STAMPED_LATER = 0.002
"""The share of honest PDFs that are changed after they were made."""
MISREAD = 0.025
"""The share of honest photos of which a digit of the number is misread."""
SAYS_OTHERWISE = 0.001
"""The share of honest PDFs whose text surely says another day than the invoice's."""
MOST_JOINED_LATER = 8
"""One reseller in so many joined later than the programme began."""


@dataclass(frozen=True)
class Line:
    """A line: product, pieces, price of one in millionths of a minor unit, and what it comes to."""

    product: str
    pieces: int
    price_micro: int
    net_minor: int

    @classmethod
    def at(cls, product: str, pieces: int, price_minor: int) -> "Line":
        """Sell pieces at a price in minor units."""
        return cls(product, pieces, price_minor * MICRO, pieces * price_minor)

    @property
    def price_minor(self) -> int:
        """Give the price in whole minor units."""
        return max(self.price_micro // MICRO, 1)


@dataclass(frozen=True)
class Claim:
    """A document as it is sent. ``abuse`` is the name of what is wrong with it; none: it is honest."""

    number: str
    distributor: str
    issued_on: date
    sent_on: date
    lines: tuple[Line, ...]
    abuse: str | None = None
    stated_minor: int | None = None
    gross_minor: int | None = None
    buyer: str | None = None
    seller: str | None = None
    file: bytes = b""
    look: int = 0
    device: bytes | None = None
    pdf_made_at: datetime | None = None
    pdf_changed_at: datetime | None = None
    read_number: str | None = None
    read_issued_on: date | None = None

    @property
    def net_minor(self) -> int:
        """Sum the lines."""
        return sum(line.net_minor for line in self.lines)


@dataclass
class Market:
    """Who sells what: the honest documents in order of issue, with the day on which each reseller joined."""

    claims: list[Claim]
    joined: dict[str, date] = field(default_factory=dict)

    @property
    def distributors(self) -> list[str]:
        """Name the resellers."""
        return sorted({one.distributor for one in self.claims})

    @property
    def products(self) -> list[str]:
        """Name the products."""
        return sorted({line.product for one in self.claims for line in one.lines})

    @property
    def first_day(self) -> date:
        """Give the day of the first document."""
        return self.claims[0].issued_on


def tax_id(distributor: str) -> str:
    """Give a made-up tax id of a reseller."""
    return f"{5_000_000_000 + int(distributor)}"


def market_of(folder: Path | None, dice: random.Random) -> Market:
    """Give the honest documents: of the real lines below ``folder``, or of our own making."""
    rows = _real(folder / SALES) if folder is not None and (folder / SALES).exists() else _made(dice)
    counters: dict[str, int] = {}
    claims = []
    for distributor, day, lines in rows:
        number = _next_number(counters, distributor, day, dice)
        sent = day + timedelta(days=dice.randint(0, 20))
        own_dice = random.Random(f"{distributor} {number}")  # the market stays what it was
        made, changed = pdf_of(day, own_dice)
        read_number, read_issued_on = reading_of(number, day, made is not None, own_dice)
        claims.append(
            Claim(
                number,
                distributor,
                day,
                sent,
                lines,
                file=file_of(dice),
                look=look_of(dice),
                device=device_of(distributor),
                pdf_made_at=made,
                pdf_changed_at=changed,
                read_number=read_number,
                read_issued_on=read_issued_on,
            )
        )
    market = Market(claims)
    firsts: dict[str, date] = {}
    for one in claims:
        firsts.setdefault(one.distributor, one.issued_on)
    for at, distributor in enumerate(market.distributors):
        later = at % MOST_JOINED_LATER == 0
        market.joined[distributor] = firsts[distributor] if later else market.first_day
    return market


def _real(path: Path) -> list[tuple[str, date, tuple[Line, ...]]]:
    """Read the documents of the real lines, in order of issue."""
    found: dict[str, tuple[str, date, list[Line]]] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            _, _, lines = found.setdefault(
                row["SalesOrderNumber"], (row["ResellerKey"], date.fromisoformat(row["OrderDate"]), [])
            )
            price, net = round(Decimal(row["UnitPrice"]) * 100 * MICRO), round(Decimal(row["SalesAmount"]) * 100)
            lines.append(Line(row["ProductKey"], int(row["OrderQuantity"]), price, net))
    rows = [(who, day, tuple(lines)) for who, day, lines in found.values()]
    return sorted(rows, key=lambda row: row[1])


def _made(dice: random.Random) -> list[tuple[str, date, tuple[Line, ...]]]:
    """Make two years of a market of two hundred products and a hundred resellers, who come one after the other."""
    begins = {who: dice.randint(0, 500) for who in range(1, 101)}
    prices = {str(at): int(dice.lognormvariate(8.5, 1.2)) + 99 for at in range(200)}
    rows = []
    for _ in range(2_000):
        who = dice.randint(1, 100)
        day = date(2017, 7, 1) + timedelta(days=dice.randint(begins[who], 720))
        chosen = dice.sample(sorted(prices), min(1 + int(dice.expovariate(0.2)), 30))
        lines = []
        for product in chosen:
            pieces, price = 1 + int(dice.expovariate(0.35)), prices[product] * dice.randint(85, 100) // 100
            lines.append(Line.at(product, pieces, price))
        rows.append((str(who), day, tuple(lines)))
    return sorted(rows, key=lambda row: row[1])


def _next_number(counters: dict[str, int], distributor: str, day: date, dice: random.Random) -> str:
    counter = counters[distributor] = counters.get(distributor, dice.randint(1, 4_000)) + dice.randint(1, 9)
    return number_of(distributor, counter, day)


def number_of(distributor: str, counter: int, day: date) -> str:
    """Write a number as its reseller does."""
    ways = (f"FV/{counter}/{day:%m}/{day:%Y}", f"{day:%Y}-{counter:06}", f"INV{counter}", f"{counter}/{day:%y}/S")
    return ways[int(distributor) % len(ways)]


def file_of(dice: random.Random) -> bytes:
    """Make up the hash of a proof's file."""
    return dice.randbytes(32)


def look_of(dice: random.Random) -> int:
    """Make up how a photo looks."""
    return dice.getrandbits(64) - (1 << 63)


def device_of(distributor: str) -> bytes:
    """Name the device of a reseller; here and there two share an office."""
    at = int(distributor)
    return f"device {at - 1 if at % SHARED == 0 else at}".encode()


def pdf_of(day: date, dice: random.Random) -> tuple[datetime | None, datetime | None]:
    """Say when the PDF of an invoice was made and changed: on its day; a few are stamped later, half are photos."""
    if dice.random() < 0.5:
        return None, None
    made = datetime.combine(day, time(10)) + timedelta(minutes=dice.randint(0, 400))
    return made, made + timedelta(days=3) if dice.random() < STAMPED_LATER else made


def reading_of(number: str, day: date, printed: bool, dice: random.Random) -> tuple[str, date]:
    """Say what was read of a proof: what stands there, but for a digit of some photos, and the day of a few PDFs."""
    if printed:
        return number, day - timedelta(days=1) if dice.random() < SAYS_OTHERWISE else day
    if dice.random() >= MISREAD:
        return number, day
    at = dice.choice([at for at, letter in enumerate(number) if letter.isdigit()])
    return f"{number[:at]}{(int(number[at]) + 3) % 10}{number[at + 1 :]}", day


# --- abuse ------------------------------------------------------------------------------------------------------------


def laid_out(
    claims: Sequence[Claim], distributors: dict[str, int], products: dict[str, int]
) -> tuple[Incoming, list[Claim]]:
    """Lay claims out as they come to the gate, and give them in the order in which they stand there."""
    nothing = np.full(len(claims), None, dtype=object)
    unordered = Documents(
        distributor_id=np.asarray([distributors[one.distributor] for one in claims], dtype=np.int64),
        kind=np.full(len(claims), DocumentKind.INVOICE, dtype=np.int8),
        number=_texts([one.number for one in claims]),
        issued_on=np.asarray([one.issued_on for one in claims], dtype="datetime64[D]"),
        minute=np.full(len(claims), UNKNOWN, dtype=np.int16),
        corrects=nothing,
        outlet=nothing,
        channel=nothing,
        person=nothing,
    )
    order = in_counting_order(unordered)
    ordered = [claims[at] for at in order.tolist()]
    documents = Documents(**{name: getattr(unordered, name)[order] for name in unordered.__dataclass_fields__})
    rows = [(at, place + 1, line) for at, one in enumerate(ordered) for place, line in enumerate(one.lines)]
    document = np.asarray([row[0] for row in rows], dtype=np.int64)
    net = np.asarray([line.net_minor for _, _, line in rows], dtype=np.int64)
    lines = Lines(
        document=document,
        line_number=np.asarray([row[1] for row in rows], dtype=np.int32),
        product_id=np.asarray([products[line.product] for _, _, line in rows], dtype=np.int64),
        quantity_milli=np.asarray([line.pieces * 1_000 for _, _, line in rows], dtype=np.int64),
        unit_price_micro=np.asarray([line.price_micro for _, _, line in rows], dtype=np.int64),
        net_minor=net,
        gross_minor=_gross(ordered, document, net),
        discounted=np.full(len(rows), UNKNOWN, dtype=np.int8),
        source_row=np.full(len(rows), UNKNOWN, dtype=np.int32),
    )
    years = [one.issued_on.year for one in ordered]
    sellers = [f"tax:{one.seller}" if one.seller else f"distributor:{distributors[one.distributor]}" for one in ordered]
    proven = [at for at, one in enumerate(ordered) if one.file]
    printed = [at for at, one in enumerate(ordered) if one.pdf_made_at is not None]
    incoming = Incoming(
        sales=Sales(documents, lines),
        number_key=_texts(number_keys([one.number for one in ordered], years)),
        seller_key=_texts(sellers),
        total_minor=np.asarray([_or(one.stated_minor, NO_AMOUNT) for one in ordered], dtype=np.int64),
        buyer_tax_id=_texts([one.buyer for one in ordered]),
        proofs=Proofs(
            document=np.asarray(proven, dtype=np.int64),
            file=_texts([ordered[at].file for at in proven]),
            look=np.asarray([ordered[at].look for at in proven], dtype=np.int64),
            has_look=np.ones(len(proven), dtype=bool),
        ),
        device=_texts([one.device for one in ordered]),
        pdfs=Pdfs(
            document=np.asarray(printed, dtype=np.int64),
            maker=_texts(["Kontor"] * len(printed)),
            made_at=np.asarray([ordered[at].pdf_made_at for at in printed], dtype="datetime64[s]"),
            changed_at=np.asarray([ordered[at].pdf_changed_at for at in printed], dtype="datetime64[s]"),
        ),
        readings=_readings_of(ordered, years),
    )
    return incoming, ordered


def _readings_of(ordered: Sequence[Claim], years: Sequence[int]) -> Readings:
    """Give what was read of the proofs of claims."""
    read = [at for at, one in enumerate(ordered) if one.read_number is not None]
    return Readings(
        document=np.asarray(read, dtype=np.int64),
        number=_texts([ordered[at].read_number for at in read]),
        number_key=_texts(number_keys([str(ordered[at].read_number) for at in read], [years[at] for at in read])),
        issued_on=np.asarray([ordered[at].read_issued_on for at in read], dtype="datetime64[D]"),
        printed=np.asarray([ordered[at].pdf_made_at is not None for at in read], dtype=bool),
    )


def _gross(claims: Sequence[Claim], document: np.ndarray, net: np.ndarray) -> np.ndarray:
    """Give lines the gross amounts of documents that state one."""
    gross = np.full(len(net), NO_AMOUNT, dtype=np.int64)
    for at, one in enumerate(claims):
        if one.gross_minor is not None:
            gross[document == at] = net[document == at] * one.gross_minor // max(one.net_minor, 1)
    return gross


def _texts(values: Sequence[object]) -> np.ndarray:
    return np.asarray([*values, None], dtype=object)[:-1]


def _or(value: int | None, missing: int) -> int:
    return missing if value is None else value
