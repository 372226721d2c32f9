"""The sandbox: a card provider that behaves like an outside company, with books of its own.

It reads the order file and nothing else of ours, checks it, loads its cards, keeps their balances and answers by a
response file. It gives the same answer to the same reference and loads once. About three loads in a hundred it
refuses on purpose, always the same ones, so that what follows can be tried.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
from babel.numbers import get_currency_precision
from sqlalchemy import Engine, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.config import settings
from app.db.bulk import copy_into, rows_of
from app.db.locks import lock_name
from app.domain.money import smallest_units
from app.exports import tables
from app.exports.csvfile import write_csv
from app.models.prepaid import SandboxCard, SandboxLoad
from importers.errors import ImportRefused
from importers.files.guard import judge
from importers.files.limits import Limits
from importers.reading import read
from prepaid.columns import among_texts
from prepaid.providers import Answer, CardRequest, IssuedCard, LoadResult, OrderRefused, ProviderError

_COLUMNS = ("record", "line", "reference", "requires", "card_token", "amount", "currency", "distributor_code", "kind")
_LOADED = LoadResult.LOADED.value
_WORDS = {
    _LOADED: "",
    "card_blocked": "The card is blocked.",
    "limit_exceeded": "The load would exceed the card's limit.",
    "unknown_card": "No card has this token.",
    "wrong_currency": "The card is in another currency.",
    "required_load_missing": "The load that this one requires was not made.",
    "reference_reused": "The reference was used for another card or amount.",
}

Refusal = Callable[[str, str, int], str | None]
"""Says why a load is refused, or None: from the distributor's code, the kind of load and how many the card had."""


def refuse_some(distributor_code: str, kind: str, earlier_loads: int) -> str | None:
    """Refuse about 3 of 100 loads, always the same ones."""
    digest = hashlib.sha256(f"loads:{distributor_code}:{kind}:{earlier_loads}".encode()).digest()
    drawn = int.from_bytes(digest[:4]) % 100
    return {0: "card_blocked", 1: "card_blocked", 2: "limit_exceeded"}.get(drawn)


@dataclass(frozen=True, slots=True)
class _Line:
    reference: str
    requires: str | None
    token: str
    amount_minor: int
    currency: str
    distributor_code: str
    kind: str


class SandboxProvider:
    """The sandbox provider. Each call is a transaction of its own: what it did stays done, whatever becomes of us."""

    def __init__(self, engine: Engine, *, refusal: Refusal = refuse_some) -> None:
        """Open its books, which lie in the database of ``engine``."""
        self._engine = engine
        self._refusal = refusal

    @property
    def name(self) -> str:
        """Name it as programme files do."""
        return "sandbox"

    def issue_cards(self, requests: Sequence[CardRequest]) -> Sequence[IssuedCard]:
        """Issue cards; a reference that was given before gets the card that it got then."""
        rows = [
            {
                "reference": one.reference,
                "token": _token(one.reference),
                "last4": _last4(one.reference),
                "currency": one.currency,
                "balance_minor": 0,
            }
            for one in requests
        ]
        with Session(self._engine) as session, session.begin():
            if rows:
                session.execute(insert(SandboxCard).on_conflict_do_nothing(), rows)
            cards = session.execute(
                select(SandboxCard.reference, SandboxCard.token, SandboxCard.last4).where(
                    among_texts(SandboxCard.reference, [one.reference for one in requests])
                )
            ).all()
        return [IssuedCard(card.reference, card.token, card.last4) for card in cards]

    def submit(self, order_file: Path, into: Path) -> Sequence[Path]:
        """Take an order file in, load the cards, and write the response file.

        Raises:
            OrderRefused: The file is not what an order file must be; nothing was loaded.
        """
        lines = _read_order(order_file)
        with Session(self._engine) as session, session.begin():
            lock_name(session, "sandbox provider")
            results = self._load(session, lines)
        into.mkdir(parents=True, exist_ok=True)
        response = into / f"{order_file.stem}-response.csv"
        _write_response(response, lines, results)
        return [response]

    def look_up(self, references: Collection[str]) -> dict[str, Answer]:
        """Tell what became of loads by their references."""
        with Session(self._engine) as session:
            rows = session.execute(
                select(SandboxLoad.reference, SandboxLoad.result, SandboxLoad.amount_minor).where(
                    among_texts(SandboxLoad.reference, references)
                )
            ).all()
        return {row.reference: _answer(row.reference, row.result, row.amount_minor) for row in rows}

    def balance_minor(self, token: str) -> int:
        """Tell what stands on a card.

        Raises:
            ProviderError: It knows no such card.
        """
        with Session(self._engine) as session:
            balance = session.scalars(select(SandboxCard.balance_minor).where(SandboxCard.token == token)).one_or_none()
        if balance is None:
            raise ProviderError("The sandbox has no such card.")
        return balance

    def _load(self, session: Session, lines: Sequence[_Line]) -> list[str]:
        """Decide each line that is new, load what can be, and give the result of every line."""
        books = _Books(session, lines)
        results: list[str] = []
        fresh: dict[str, tuple[_Line, str]] = {}
        for line in lines:
            known = books.loads.get(line.reference)
            if known is not None:
                same = known[:2] == (line.token, line.amount_minor)
                results.append(known[2] if same else "reference_reused")
                continue
            result = self._decide(books, line)
            books.loads[line.reference] = (line.token, line.amount_minor, result)
            books.earlier[line.token] += 1
            fresh[line.reference] = line, result
            results.append(result)
        _book(session, [(line, result) for line, result in fresh.values()])
        return results

    def _decide(self, books: "_Books", line: _Line) -> str:
        currency = books.currencies.get(line.token)
        if currency is None:
            return "unknown_card"
        if currency != line.currency:
            return "wrong_currency"
        if line.requires is not None and books.loads.get(line.requires, ("", 0, ""))[2] != _LOADED:
            return "required_load_missing"
        return self._refusal(line.distributor_code, line.kind, books.earlier[line.token]) or _LOADED


class _Books:
    """What the sandbox has in its books about the lines of an order: loads, cards, and how many loads each had."""

    def __init__(self, session: Session, lines: Sequence[_Line]) -> None:
        references = {line.reference for line in lines} | {line.requires for line in lines if line.requires}
        tokens = {line.token for line in lines}
        self.loads = {
            row.reference: (row.token, row.amount_minor, row.result)
            for row in session.execute(
                select(SandboxLoad.reference, SandboxLoad.token, SandboxLoad.amount_minor, SandboxLoad.result).where(
                    among_texts(SandboxLoad.reference, references)
                )
            )
        }
        self.currencies = dict(
            session.execute(
                select(SandboxCard.token, SandboxCard.currency).where(among_texts(SandboxCard.token, tokens))
            ).all()
        )
        self.earlier = Counter(
            dict(
                session.execute(
                    select(SandboxLoad.token, func.count())
                    .where(among_texts(SandboxLoad.token, tokens))
                    .group_by(SandboxLoad.token)
                ).all()
            )
        )


def _book(session: Session, fresh: Sequence[tuple[_Line, str]]) -> None:
    """Write new loads down and raise the balances of the cards that were loaded."""
    copy_into(
        session,
        SandboxLoad,
        {
            "reference": [line.reference for line, _ in fresh],
            "token": [line.token for line, _ in fresh],
            "amount_minor": np.asarray([line.amount_minor for line, _ in fresh], dtype=np.int64),
            "result": [result for _, result in fresh],
        },
    )
    raised: Counter[str] = Counter()
    for line, result in fresh:
        if result == _LOADED:
            raised[line.token] += line.amount_minor
    if raised:
        given = rows_of(token=list(raised), amount=np.asarray(list(raised.values()), dtype=np.int64))
        session.execute(
            update(SandboxCard)
            .where(SandboxCard.token == given.c.token)
            .values(balance_minor=SandboxCard.balance_minor + given.c.amount)
            .execution_options(synchronize_session=False)
        )


def _read_order(path: Path) -> list[_Line]:
    """Read an order file and check its control totals."""
    try:
        table = read(judge(path, path.name, Limits.of(settings())), path.name, None)
    except (ImportRefused, OSError) as problem:
        raise OrderRefused(f"The order file cannot be read: {problem}") from None
    missing = [name for name in _COLUMNS if name not in table.header]
    if missing or table.wrong_width:
        raise OrderRefused(f"The order file lacks columns ({', '.join(missing)}) or has rows of another width.")
    cells = {name: table.column(name).to_pylist() for name in _COLUMNS}
    rows = [dict(zip(_COLUMNS, values, strict=True)) for values in zip(*cells.values(), strict=True)]
    totals = [at for at, row in enumerate(rows) if row["record"] == "total"]
    if totals != [len(rows) - 1] or any(row["record"] != "load" for row in rows[:-1]):
        raise OrderRefused("The order file does not end with the one line of control totals.")
    lines = [_line(row) for row in rows[:-1]]
    said = rows[-1]
    if said["line"] != str(len(lines)) or _minor(said["amount"], said["currency"]) != sum(
        line.amount_minor for line in lines
    ):
        raise OrderRefused("The control totals of the order file are not those of its lines.")
    if len({line.reference for line in lines}) != len(lines):
        raise OrderRefused("A reference stands in the order file more than once.")
    return lines


def _line(row: dict[str, str | None]) -> _Line:
    needed = ("reference", "card_token", "amount", "currency", "kind")
    empty = [name for name in needed if not row[name]]
    amount = _minor(row["amount"], row["currency"])
    if empty or amount is None or amount <= 0:
        raise OrderRefused(f"Line {row['line']} of the order file is not complete, or its amount is none.")
    return _Line(
        reference=str(row["reference"]),
        requires=row["requires"],
        token=str(row["card_token"]),
        amount_minor=amount,
        currency=str(row["currency"]),
        distributor_code=row["distributor_code"] or "",
        kind=str(row["kind"]),
    )


def _minor(text: str | None, currency: str | None) -> int | None:
    if text is None or currency is None or not re.fullmatch(r"[0-9]{1,16}(\.[0-9]{1,6})?", text):
        return None
    try:
        return smallest_units(Decimal(text), get_currency_precision(currency))
    except ValueError:
        return None


def _answer(reference: str, result: str, amount_minor: int) -> Answer:
    if result == _LOADED:
        return Answer(reference, LoadResult.LOADED, amount_minor=amount_minor)
    return Answer(reference, LoadResult.FAILED, result, _WORDS.get(result, result), amount_minor)


def _write_response(path: Path, lines: Sequence[_Line], results: Sequence[str]) -> None:
    layout = tables.Layout(
        (
            tables.Column("reference", "reference"),
            tables.Column("result", "result"),
            tables.Column("code", "code"),
            tables.Column("message", "message"),
            tables.Column(
                "amount",
                "amount",
                tables.Kind.MONEY,
                decimals=get_currency_precision(lines[0].currency) if lines else 2,
            ),
        )
    )
    loaded = [result == _LOADED for result in results]
    write_csv(
        path,
        layout,
        {
            "reference": [line.reference for line in lines],
            "result": [(_LOADED if yes else LoadResult.FAILED.value) for yes in loaded],
            "code": [None if yes else result for yes, result in zip(loaded, results, strict=True)],
            "message": [None if yes else _WORDS[result] for yes, result in zip(loaded, results, strict=True)],
            "amount": np.asarray([line.amount_minor for line in lines], dtype=np.int64),
        },
    )


def _token(reference: str) -> str:
    """Make a token of letters: it must never look like a number of a card."""
    digest = hashlib.sha256(f"token:{reference}".encode()).digest()
    return "sbx-" + "".join(chr(ord("a") + byte % 26) for byte in digest[:24])


def _last4(reference: str) -> str:
    return f"{int.from_bytes(hashlib.sha256(f'last4:{reference}'.encode()).digest()[:4]) % 10_000:04d}"
