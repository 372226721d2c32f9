"""How fast the checks look: documents a second before a history of so many lines, and before one ten times as long.

History grows in two ways: a programme grows old, or it grows large. Both are measured beside the same programme at a
tenth of its history. Documents are examined as the gate has it done, in pieces of a shard's size; nothing is stored.
"""

import datetime as dt
import os
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import yaml
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from app.cli.running.runtime import Runtime
from app.db.transaction import Sessions, transaction
from app.domain.documents.numbering import number_keys
from app.domain.documents.sales import NO_AMOUNT, UNKNOWN, Documents, Lines, Sales, in_counting_order
from app.domain.measures.exact import Ints
from app.domain.states import DocumentKind
from app.models.programs import Program
from app.services.goods import catalogue
from app.services.goods.catalogue import ProductRow
from app.services.ledger import figures
from app.services.participants import distributors
from app.services.participants.distributor_rows import DistributorRow, put_distributors
from app.services.rulebooks import rules_of
from app.services.setup import program_files, programs
from bench import installation
from bench.watching import cpu_seconds
from verification.examining import examine
from verification.gate import admit
from verification.incoming import Incoming, Source, document_keys

LINES_PER_DOCUMENT = 5
PIECE = 4_000
"""Documents that are examined at once: as many as a shard of an import has."""
DAYS = 400
"""The history of a programme that is not old."""
GROWN = 10
LINES_PER_DISTRIBUTOR, LINES_PER_PRODUCT = 200, 50
TODAY = np.datetime64("2026-01-31")


class Market:
    """Resellers who sell products, evenly through the days, and number their invoices one by one."""

    def __init__(self, sessions: Sessions, code: str, lines: int, days: int, size: int) -> None:
        """Load a programme with a history of so many lines; ``size`` is what one of its usual age would have."""
        self.dice = np.random.default_rng(7)
        self.days = days
        who, what = _distributors(size), _products(size)
        with transaction(sessions) as session:
            self._load(session, code, who, what)
        self.counter = np.ones(len(self.distributors), dtype=np.int64)
        self.price = np.maximum(self.dice.lognormal(8.1, 1.0, len(self.products)).astype(np.int64), 49)
        for piece in self._pieces(lines // LINES_PER_DOCUMENT, TODAY - days, days):
            with transaction(sessions) as session:
                source = Source(name="import", policy="accept", may_correct=False)
                admit(session, rules_of(session, self.program_id), piece, source, now=_NOW)
        with transaction(sessions) as session:
            figures.refresh(session, self.program_id, _NOW)

    def _load(self, session: Session, code: str, who: int, what: int) -> None:
        file = program_files.parse(yaml.safe_dump(_programme(code)))
        self.program_id = programs.load(session, file, actor="bench", now=_NOW).program_id
        program = session.get_one(Program, self.program_id)
        people = [DistributorRow(code=f"D{at}", name=f"Reseller {at}") for at in range(who)]
        put_distributors(session, program.id, "en", people, enrolled_on=dt.date(2010, 1, 1), may_owe=True)
        goods = [ProductRow(code=f"P{at}", name=f"Product {at}", group_id=None) for at in range(what)]
        catalogue.put_products(session, program.id, "en", goods)
        self.distributors = np.sort([*distributors.distributor_ids(session, program.id).values()])
        self.products = np.sort([*catalogue.product_ids(session, program.id).values()])

    def _pieces(self, documents: int, first: np.datetime64, days: int) -> Iterator[Incoming]:
        for start in range(0, documents, PIECE):
            count = min(PIECE, documents - start)
            day = first + (start + np.arange(count)) * days // documents
            yield self._documents(count, day, len(self.distributors), len(self.products))

    def _by_distributor(self, documents: int, size: int) -> Iterator[Incoming]:
        day = np.sort(TODAY + self.dice.integers(0, 30, documents))
        all_of_them = self._documents(documents, day, _distributors(size), _products(size))
        who, lines = all_of_them.sales.documents.distributor_id, all_of_them.sales.lines.document
        order = np.argsort(who, kind="stable")
        place = np.empty_like(order)
        place[order] = np.arange(documents)
        cut = all_of_them.reordered(order, np.argsort(place[lines], kind="stable"), place)
        for start in range(0, documents, PIECE):
            end = min(start + PIECE, documents)
            yield cut.slice(start, end, start * LINES_PER_DOCUMENT, end * LINES_PER_DOCUMENT)

    def _documents(self, count: int, day: np.ndarray, among: int, products: int) -> Incoming:
        nothing = np.full(count, None, dtype=object)
        place = self.dice.integers(0, among, count)
        numbers = self._numbers(place, day)
        unordered = Documents(
            distributor_id=self.distributors[place],
            kind=np.full(count, DocumentKind.INVOICE, dtype=np.int8),
            number=numbers,
            issued_on=day.astype("datetime64[D]"),
            minute=np.full(count, UNKNOWN, dtype=np.int16),
            corrects=nothing,
            outlet=nothing,
            channel=nothing,
            person=nothing,
        )
        order = in_counting_order(unordered)
        documents = Documents(**{name: getattr(unordered, name)[order] for name in unordered.__dataclass_fields__})
        years = (documents.issued_on.astype("datetime64[Y]").astype(int) + 1970).tolist()
        return Incoming(
            sales=Sales(documents, self._lines(count, products)),
            number_key=np.asarray(number_keys(documents.number.tolist(), years), dtype=object),
            seller_key=np.asarray([f"distributor:{one}" for one in documents.distributor_id.tolist()], dtype=object),
            total_minor=np.full(count, NO_AMOUNT),
        )

    def _numbers(self, place: Ints, day: np.ndarray) -> np.ndarray:
        """Number documents one by one, whoever sells them."""
        order = np.argsort(place, kind="stable")
        sizes = np.bincount(place, minlength=len(self.distributors))
        within = np.arange(len(place)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        number = np.empty(len(place), dtype=np.int64)
        number[order] = self.counter[place[order]] + within
        self.counter += sizes
        months = np.datetime_as_string(day.astype("datetime64[M]"))
        made = [f"FV/{n}/{month[5:]}/{month[:4]}" for n, month in zip(number.tolist(), months.tolist(), strict=True)]
        return np.asarray(made, dtype=object)

    def _lines(self, documents: int, among: int) -> Lines:
        count = documents * LINES_PER_DOCUMENT
        product = self.dice.integers(0, among, count)
        pieces = self.dice.integers(1, 40, count)
        price = self.price[product] * self.dice.integers(85, 101, count) // 100
        return Lines(
            document=np.repeat(np.arange(documents), LINES_PER_DOCUMENT),
            line_number=np.tile(np.arange(1, LINES_PER_DOCUMENT + 1, dtype=np.int32), documents),
            product_id=self.products[product],
            quantity_milli=pieces * 1_000,
            unit_price_micro=price * 1_000_000,
            net_minor=pieces * price,
            gross_minor=np.full(count, NO_AMOUNT),
            discounted=np.full(count, UNKNOWN, dtype=np.int8),
            source_row=np.full(count, UNKNOWN, dtype=np.int32),
        )

    def examine(self, sessions: Sessions, documents: int, size: int, servers: Sequence[int]) -> dict[str, Any]:
        """Examine claims of the days after the history. Gives the documents a second.

        They are of as many distributors and products as a history of ``size`` lines has, and come cut by distributor,
        as an import's do.
        """
        found, seconds, processors = 0, 0.0, cpu_seconds([os.getpid(), *servers])
        for piece in self._by_distributor(documents, size):
            with transaction(sessions) as session:
                rules, keys = rules_of(session, self.program_id), document_keys(piece)
                began = time.perf_counter()
                examined = examine(session, rules, piece, "portal", keys, _LATER)()
                seconds += time.perf_counter() - began
                found += sum(any(one["code"] != "drawn" for one in why) for why in examined.reasons.values())
        return {
            "documents": documents,
            "seconds": round(seconds, 2),
            "cpu_seconds": round(cpu_seconds([os.getpid(), *servers]) - processors, 2),
            "documents_per_second": round(documents / seconds),
            "found": found,
        }


_NOW = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
_LATER = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)


def _programme(code: str) -> dict[str, Any]:
    return {
        "schema": "kontor/1",
        "program": {
            "code": code,
            "name": "Checked",
            "sponsor": "Checked",
            "currency": "PLN",
            "country": "PL",
            "time_zone": "UTC",
            "locale": "en",
            "starts_on": "2010-01-01",
            "point": {"value": "0.05"},
            "verification": {"second_person_above": "1000000.00"},
        },
        "earning_rules": [{"code": "base", "name": "Base", "kind": "per_amount", "points": 1, "step": "100.00"}],
    }


def _distributors(lines: int) -> int:
    return max(lines // LINES_PER_DISTRIBUTOR, 20)


def _products(lines: int) -> int:
    return max(lines // LINES_PER_PRODUCT, 20)


def measure(run: Runtime, documents: int, history: int) -> dict[str, Any]:
    """Measure before a tenth of the history, before all of it in an old programme, and in a large one.

    It is claims of as many distributors and products each time: whoever is not among them is the history that grows.
    What it costs is told in processor time, which hardly changes when the machine is shared.
    """
    load_before = os.getloadavg()[0]
    lines = {"tenth": history // GROWN, "old": history, "large": history}
    found: dict[str, dict[str, Any]] = {}
    for name, many in lines.items():
        days, size = (DAYS * GROWN, many // GROWN) if name == "old" else (DAYS, many)
        market = Market(run.registry, name, many, days, size)
        _analyze(run.addresses.owner_url)
        found[name] = market.examine(run.registry, documents, lines["tenth"], installation.servers(run))
    return {
        "history_lines": history,
        "load_before": round(load_before, 2),
        **found,
        "cost_of_an_old_programme": _ratio(found["old"], found["tenth"]),
        "cost_of_a_large_programme": _ratio(found["large"], found["tenth"]),
    }


def _analyze(owner_url: str) -> None:
    """Tell the planner what was loaded, as the server does by itself within a minute."""
    engine = create_engine(owner_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("vacuum analyze")
    engine.dispose()


def _ratio(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Compare what two took of the processor, of which the system counts hundredths of a second: less is none."""
    return round(one["cpu_seconds"] / max(other["cpu_seconds"], 0.01), 2)
