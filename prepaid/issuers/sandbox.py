"""The sandbox: a card provider that behaves like an outside company, with books of its own.

It reads the order file and nothing else of ours, checks it, loads its cards, keeps their balances and answers by a
response file. It gives the same answer to the same reference and loads once. About three loads in a hundred it
refuses on purpose, always the same ones, so that what follows can be tried.
"""

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import numpy as np
from sqlalchemy import Engine, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.bulk import copy_into, rows_of
from app.db.locks import lock_name
from app.db.many import among_texts
from app.domain.saying.load_failures import SENTENCES
from app.domain.saying.wording import Said, marked
from app.domain.states import CardState, Identity
from app.models.prepaid import SandboxCard, SandboxLoad
from prepaid.files.order_reading import OrderLine, read_order
from prepaid.files.response_files import write_response
from prepaid.providers import Ability, Answer, CardRequest, Facts, IssuedCard, LoadResult, Movement, ProviderError

_ = marked
_LOADED = LoadResult.LOADED.value

Refusal = Callable[[str, str, int], str | None]
"""Says why a load is refused, or None: from the distributor's code, the kind of load and how many the card had."""


def refuse_some(distributor_code: str, kind: str, earlier_loads: int) -> str | None:
    """Refuse about 3 of 100 loads, always the same ones."""
    digest = hashlib.sha256(f"loads:{distributor_code}:{kind}:{earlier_loads}".encode()).digest()
    drawn = int.from_bytes(digest[:4]) % 100
    return {0: "card_blocked", 1: "card_blocked", 2: "limit_exceeded"}.get(drawn)


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

    @property
    def abilities(self) -> frozenset[Ability]:
        """It does everything but tell what was spent: nobody pays with its cards."""
        return frozenset(Ability) - {Ability.HISTORY}

    @property
    def cards_at_once(self) -> int:
        """It issues many in one go."""
        return 1_000

    def issue_cards(self, requests: Sequence[CardRequest]) -> Sequence[IssuedCard]:
        """Issue cards; a reference that was given before gets the card that it got then."""
        rows = [
            {
                "reference": one.reference,
                "token": _token(one.reference),
                "last4": _last4(one.reference),
                "currency": one.currency,
                "balance_minor": 0,
                "state": CardState.ACTIVE.value,
            }
            for one in requests
        ]
        with Session(self._engine) as session, session.begin():
            if rows:
                session.execute(insert(SandboxCard).on_conflict_do_nothing(), rows)
            for one in requests:
                if one.replaces is not None:
                    _move_balance(session, one.replaces, _token(one.reference))
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
        lines = read_order(order_file)
        with Session(self._engine) as session, session.begin():
            lock_name(session, "sandbox provider")
            results = self._load(session, lines)
        into.mkdir(parents=True, exist_ok=True)
        response = into / f"{order_file.stem}-response.csv"
        answers = [
            _answer(line.reference, result, line.amount_minor) for line, result in zip(lines, results, strict=True)
        ]
        write_response(response, answers, lines[0].currency if lines else "")
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
            raise ProviderError(_("The sandbox has no such card."))
        return balance

    def set_state(self, token: str, state: CardState) -> None:
        """Let a card be active, blocked or closed.

        Raises:
            ProviderError: It knows no such card, or closed it for good.
        """
        with Session(self._engine) as session, session.begin():
            card = session.get(SandboxCard, token, with_for_update=True, populate_existing=True)
            if card is None:
                raise ProviderError(_("The sandbox has no such card."))
            if card.state == CardState.CLOSED and state is not CardState.CLOSED:
                raise ProviderError(_("The sandbox closed this card for good."))
            card.state = state.value

    def facts(self, token: str) -> Facts:
        """Tell how a card stands; whoever holds one is known.

        Raises:
            ProviderError: It knows no such card.
        """
        with Session(self._engine) as session:
            card = session.get(SandboxCard, token)
        if card is None:
            raise ProviderError(_("The sandbox has no such card."))
        return Facts(CardState(card.state), Identity.VERIFIED)

    def history(self, token: str, since: dt.datetime) -> Sequence[Movement]:
        """Nobody pays with the sandbox's cards."""
        return ()

    def refuse_run(self, currency: str, amount_minor: int) -> Said | None:
        """Pay for everything: it is no money."""
        return None

    def _load(self, session: Session, lines: Sequence[OrderLine]) -> list[str]:
        """Decide each line that is new, load what can be, and give the result of every line."""
        books = _Books(session, lines)
        results: list[str] = []
        fresh: dict[str, tuple[OrderLine, str]] = {}
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

    def _decide(self, books: "_Books", line: OrderLine) -> str:
        currency = books.currencies.get(line.token)
        if currency is None:
            return "unknown_card"
        if currency != line.currency:
            return "wrong_currency"
        if books.states[line.token] != CardState.ACTIVE:
            return "card_blocked" if books.states[line.token] == CardState.BLOCKED else "card_closed"
        if line.requires is not None and books.loads.get(line.requires, ("", 0, ""))[2] != _LOADED:
            return "required_load_missing"
        return self._refusal(line.distributor_code, line.kind, books.earlier[line.token]) or _LOADED


class _Books:
    """What the sandbox has in its books about the lines of an order: loads, cards, and how many loads each had."""

    def __init__(self, session: Session, lines: Sequence[OrderLine]) -> None:
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
        cards = session.execute(
            select(SandboxCard.token, SandboxCard.currency, SandboxCard.state).where(
                among_texts(SandboxCard.token, tokens)
            )
        ).all()
        self.currencies = {card.token: card.currency for card in cards}
        self.states = {card.token: card.state for card in cards}
        self.earlier = Counter(
            dict(
                session.execute(
                    select(SandboxLoad.token, func.count())
                    .where(among_texts(SandboxLoad.token, tokens))
                    .group_by(SandboxLoad.token)
                ).all()
            )
        )


def _book(session: Session, fresh: Sequence[tuple[OrderLine, str]]) -> None:
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


def _move_balance(session: Session, old: str, new: str) -> None:
    """Close a card and give what stands on it to another; a second time nothing stands on it."""
    cards = {
        one.token: one
        for one in session.scalars(
            select(SandboxCard)
            .where(among_texts(SandboxCard.token, [old, new]))
            .order_by(SandboxCard.token)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    if old in cards and new in cards:
        cards[new].balance_minor += cards[old].balance_minor
        cards[old].balance_minor, cards[old].state = 0, CardState.CLOSED.value


def _answer(reference: str, result: str, amount_minor: int) -> Answer:
    if result == _LOADED:
        return Answer(reference, LoadResult.LOADED, amount_minor=amount_minor)
    return Answer(reference, LoadResult.FAILED, result, SENTENCES.get(result, result), amount_minor)


def _token(reference: str) -> str:
    """Make a token of letters: it must never look like a number of a card."""
    digest = hashlib.sha256(f"token:{reference}".encode()).digest()
    return "sbx-" + "".join(chr(ord("a") + byte % 26) for byte in digest[:24])


def _last4(reference: str) -> str:
    return f"{int.from_bytes(hashlib.sha256(f'last4:{reference}'.encode()).digest()[:4]) % 10_000:04d}"
