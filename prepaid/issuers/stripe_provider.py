"""Stripe Issuing: a card has no balance there but a limit of all time, which we keep at the sum of its loads.

Our books are the truth, Stripe carries out. A load tells Stripe the new limit, an absolute figure, so asking twice
loads once. The key of each question is written down before it is asked (`prepaid.issuers.provider_books`); an answer
that was lost is asked for again under the same key, and by reading the card: its limit, and the reference of the load
that set it.

No other module asks Stripe anything; what it tells by itself is read by `prepaid.issuers.stripe_events`.
"""

import datetime as dt
import functools
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, TypeVar

import stripe
from sqlalchemy import Engine

from app.domain.saying.load_failures import SENTENCES
from app.domain.saying.wording import Amount, Said, marked
from app.domain.states import AskedState, CardState, Identity
from prepaid.files.order_reading import OrderLine, read_order
from prepaid.files.response_files import write_response
from prepaid.issuers.provider_books import Books, Denied, Key, Load, Order, Waits
from prepaid.issuers.stripe_questions import NAME, new_card, new_holder, raised
from prepaid.providers import Ability, Answer, CardRequest, Facts, IssuedCard, LoadResult, Movement, ProviderError

_ = marked

_T = TypeVar("_T")
_WAITS = (0.5, 2.0, 5.0)
_LONGEST_WAIT = 30.0
_SETTLES = dt.timedelta(minutes=2)
"""How long what was done may not be seen yet by who reads: limits and lists lag behind."""

_SILENT = 5
"""So many loads without an answer, one after the other: there is nobody."""

_STATUS = {CardState.ACTIVE: "active", CardState.BLOCKED: "inactive", CardState.CLOSED: "canceled"}
_STATE = {status: state for state, status in _STATUS.items()}


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class _Refused(Exception):
    """Stripe understood, and does not do it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class StripeProvider:
    """Cards of Stripe Issuing."""

    def __init__(
        self,
        engine: Engine,
        secret_key: str,
        *,
        address: str | None = None,
        waits: Sequence[float] = _WAITS,
        settles: dt.timedelta = _SETTLES,
        timeout: float = 20.0,
        clock: Callable[[], dt.datetime] = _utc_now,
    ) -> None:
        """Take the database of our books and the key of the account.

        Args:
            engine: where our books are.
            secret_key: of the account at Stripe.
            address: where Stripe is asked; its own where none is given.
            waits: how long to wait before asking again, each time.
            settles: how long reading may lag behind what was done.
            timeout: how long an answer may take.
            clock: tells the time.
        """
        self._client = stripe.StripeClient(
            secret_key,
            base_addresses={"api": address} if address else {},
            max_network_retries=0,  # we ask again ourselves, by the key in our books
            http_client=stripe.RequestsClient(timeout=timeout),
        )
        self._issuing = self._client.v1.issuing
        self._books = Books(engine, NAME, clock)
        self._waits, self._settles, self._clock = waits, settles, clock

    @property
    def name(self) -> str:
        """Name it as programme files do."""
        return NAME

    @property
    def abilities(self) -> frozenset[Ability]:
        """It does everything."""
        return frozenset(Ability)

    # cards

    @property
    def cards_at_once(self) -> int:
        """Each is a call of its own, and one whose answer is lost stops those after it."""
        return 20

    def issue_cards(self, requests: Sequence[CardRequest]) -> Sequence[IssuedCard]:
        """Issue virtual cards, each once; one that replaces another begins with what stood on that.

        Raises:
            ProviderError: Not all were issued, or nobody knows.
        """
        return [self._issue(one.reference) for one in requests]

    def _issue(self, reference: str) -> IssuedCard:
        order = self._books.order(reference)
        if order is None:
            raise ProviderError(_("The programme of this card has no settings of Stripe."))
        try:
            holder = order.holder_token or self._holder(order)
            self._books.name_holder(order.card_id, holder)
            carried = order.carried_minor
            if carried is None:
                carried = self._empty(order)
            card = self._once(
                f"card:{reference}",
                lambda options: self._issuing.cards.create(new_card(order, holder, carried), options),
                lambda: _ours(self._issuing.cards.list({"cardholder": holder, "limit": 100}), reference),
            )
        except _Refused as refused:
            raise ProviderError(_("Stripe does not issue this card: “%(words)s”"), words=refused.message) from None
        return IssuedCard(reference, card.id, card.last4)

    def _holder(self, order: Order) -> str:
        """Give Stripe's name of whoever holds the card, of whom there is one however many cards follow."""
        about = order.holder_reference
        found = self._once(
            about,
            lambda options: self._issuing.cardholders.create(new_holder(order), options),
            lambda: _ours(self._issuing.cardholders.list({"limit": 100}), about),
        )
        return str(found.id)

    def _empty(self, order: Order) -> int:
        """Close the card that is replaced, so that nothing more is spent from it, and take what stands on it."""
        assert order.replaces is not None, "only a card that replaces another takes something over"
        self.set_state(order.replaces, CardState.CLOSED)
        return self._books.carry(order.card_id, order.reference, self.balance_minor(order.replaces))

    def set_state(self, token: str, state: CardState) -> None:
        """Let a card be active, blocked or closed; closed is for good.

        Raises:
            ProviderError: It did not answer, or did not do it.
        """
        status, about = _STATUS[state], f"state:{token}"
        if self._read(lambda: self._issuing.cards.retrieve(token)).status == status:
            return
        self._books.key(about, anew=True)  # blocked a second time is not the answer of the first
        try:
            self._once(
                about,
                lambda options: self._issuing.cards.update(token, {"status": status}, options),
                lambda: _in_status(self._issuing.cards.retrieve(token), status),
            )
        except _Refused as refused:
            raise ProviderError(_("Stripe does not do this: “%(words)s”"), words=refused.message) from None

    def facts(self, token: str) -> Facts:
        """Tell how a card and its holder stand.

        Raises:
            ProviderError: It did not answer, or knows no such card.
        """
        card = self._read(lambda: self._issuing.cards.retrieve(token))
        holder = card.cardholder
        return Facts(_STATE.get(card.status, CardState.BLOCKED), _identity(holder))

    # loads

    def submit(self, order_file: Path, into: Path) -> Sequence[Path]:
        """Load the cards of an order file one by one, and write down what was answered as a response file.

        Where several in a row get no answer, the others are not asked for.

        Raises:
            OrderRefused: The file is not what an order file must be; nothing was loaded.
        """
        lines = read_order(order_file)
        answers: dict[str, Answer] = {}
        silent = 0
        for line in lines:
            # each load waits for minutes where nothing answers: those that were not asked for are handed in again
            asked = self._load(line, answers) if silent < _SILENT else _unknown(line.reference)
            silent = silent + 1 if asked.result is LoadResult.UNKNOWN else 0
            answers[line.reference] = asked
        response = into / f"{order_file.stem}-response.csv"
        write_response(response, list(answers.values()), lines[0].currency if lines else "")
        return [response]

    def _load(self, line: OrderLine, answers: dict[str, Answer]) -> Answer:
        if line.requires is not None:
            needed = answers.get(line.requires) or self.look_up([line.requires]).get(line.requires)
            if needed is None or needed.result is LoadResult.UNKNOWN:
                return _unknown(line.reference)
            if needed.result is LoadResult.FAILED:
                return _failed(line.reference, "required_load_missing", SENTENCES["required_load_missing"])
        while True:
            begun = self._books.begin(line.reference, line.token, line.amount_minor)
            if isinstance(begun, Denied):
                return _failed(line.reference, begun.code, begun.message)
            if not isinstance(begun, Waits):
                return self._finish(begun)
            if self._finish(begun.load).result is LoadResult.UNKNOWN:
                return _unknown(line.reference)

    def _finish(self, load: Load) -> Answer:
        """Bring a load to its end, or leave it as it is where Stripe gives no answer."""
        if load.state is not AskedState.ASKED:
            return _answer(load)
        try:
            self._once(
                f"load:{load.reference}",
                lambda options: self._issuing.cards.update(load.token, raised(load), options),
                lambda: _if_applied(self._issuing.cards.retrieve(load.token), load),
                absolute=True,
            )
        except _Refused as refused:
            return self._refused(load, refused)
        except ProviderError:
            return _unknown(load.reference)
        return self._loaded(load)

    def _loaded(self, load: Load) -> Answer:
        self._books.end(load.reference, AskedState.LOADED)
        return Answer(load.reference, LoadResult.LOADED, amount_minor=load.amount_minor)

    def _refused(self, load: Load, refused: _Refused) -> Answer:
        """Take a refusal; unless an earlier question of the same load may have been heard, and cannot be seen yet."""
        if load.again:
            try:
                if _applied(self._read(lambda: self._issuing.cards.retrieve(load.token)), load):
                    return self._loaded(load)
            except ProviderError:
                return _unknown(load.reference)
            if self._clock() - load.asked_at < self._settles:
                return _unknown(load.reference)
        self._books.end(load.reference, AskedState.REFUSED, f"{refused.code}: {refused.message}")
        return _failed(load.reference, refused.code, refused.message)

    def look_up(self, references: Collection[str]) -> dict[str, Answer]:
        """Tell what became of loads, by our books and by reading the cards of those without an answer.

        A load that Stripe is not seen to have heard of is not in the answer; asking for it again is harmless.
        """
        found: dict[str, Answer] = {}
        for load in self._books.loads(references):
            if load.state is not AskedState.ASKED:
                found[load.reference] = _answer(load)
                continue
            try:
                card = self._read(functools.partial(self._issuing.cards.retrieve, load.token))
            except ProviderError:
                found[load.reference] = _unknown(load.reference)
                continue
            if _applied(card, load):
                found[load.reference] = self._loaded(load)
        return found

    # money

    def balance_minor(self, token: str) -> int:
        """Tell what stands on a card: what was put on it, less what was spent and is held. It may be below zero.

        Raises:
            ProviderError: It did not answer, or the card is not ours.
        """
        limit = self._books.limit_minor(token)
        if limit is None:
            raise ProviderError(_("No card has this token."))
        spent: int = sum(one.amount for one in self._transactions(token))
        pending = self._issuing.authorizations.list
        asked: Any = {"card": token, "status": "pending", "limit": 100}
        held: int = self._read(lambda: sum(one.amount for one in pending(asked).auto_paging_iter()))
        return limit + spent - held

    def history(self, token: str, since: dt.datetime) -> Sequence[Movement]:
        """Tell what was spent from a card and given back to it since then.

        Raises:
            ProviderError: It did not answer.
        """
        return [
            Movement(
                token=one.id,
                amount_minor=one.amount,
                merchant=str(one.merchant_data.name or one.type),
                happened_at=dt.datetime.fromtimestamp(one.created, dt.UTC),
            )
            for one in self._transactions(token, since)
        ]

    def _transactions(self, token: str, since: dt.datetime | None = None) -> list[Any]:
        asked: Any = {"card": token, "limit": 100}
        if since is not None:
            asked["created"] = {"gte": int(since.timestamp())}
        return self._read(lambda: list(self._issuing.transactions.list(asked).auto_paging_iter()))

    def refuse_run(self, currency: str, amount_minor: int) -> Said | None:
        """Say why a run cannot be paid for: every card spends from one balance of the account.

        Raises:
            ProviderError: It did not answer.
        """
        balance = self._read(lambda: self._client.v1.balance.retrieve())
        funds = getattr(balance, "issuing", None)
        available = sum(one.amount for one in (funds.available if funds else ()) if one.currency == currency.lower())
        standing = self._books.outstanding_minor(currency)
        if available >= standing + amount_minor:
            return None
        has, owes, needs = (Amount(one, 2) for one in (available, standing, standing + amount_minor - available))
        words = _(
            "the Issuing balance at Stripe is %(has)s %(currency)s, cards hold %(owes)s already, and this run needs "
            "%(amount)s. Transfer %(needs)s %(currency)s or more to it, then send again."
        )
        amount = Amount(amount_minor, 2)
        return Said(words, {"has": has, "currency": currency, "owes": owes, "amount": amount, "needs": needs})

    # asking

    def _once(
        self,
        about: str,
        ask: Callable[[Any], _T],
        seen: Callable[[], _T | None],
        *,
        absolute: bool = False,
    ) -> _T:
        """Have something done once, whatever becomes of the answers.

        The question is asked again under its key, which Stripe answers as it did before. A key that was answered by an
        error of Stripe's own is spent: whether it did something is seen by reading. What is not absolute is asked for
        under a new key only when reading cannot lag behind any more.

        Raises:
            _Refused: Stripe does not do it.
            ProviderError: Nobody knows whether it did.
        """
        key = self._books.key(about)
        if not key.fresh:
            found = self._read(seen)
            if found is not None:
                return found
        for wait in (*self._waits, None):
            try:
                return ask(self._options(key.text))
            except stripe.StripeError as error:
                try:
                    pause = _pause(error, wait)
                except _Refused:
                    self._give_up(about, key, error)
                    raise
                if error.http_status is not None and error.http_status >= 500:
                    found = self._read(seen)
                    if found is not None:
                        return found
                    if absolute or self._clock() - key.asked_at >= self._settles:
                        key = self._books.key(about, anew=True)
            if pause is None:
                break
            time.sleep(pause)
        raise ProviderError(_("Stripe does not answer; nobody knows what it did."))

    def _give_up(self, about: str, key: Key, error: stripe.StripeError) -> None:
        """Give up a key that was answered by a refusal: for a day Stripe would say the same under it.

        A question that differs from the one before under its key is refused whatever became of that one: then the key
        is kept until reading cannot lag behind any more.
        """
        differs = isinstance(error, stripe.IdempotencyError)
        if not differs or self._clock() - key.asked_at >= self._settles:
            self._books.key(about, anew=True)

    def _options(self, key: str) -> Any:
        return {"idempotency_key": key}

    def _read(self, read: Callable[[], _T]) -> _T:
        """Read something, which may be done as often as one likes.

        Raises:
            ProviderError: Stripe does not answer, or there is no such thing.
        """
        for wait in (*self._waits, None):
            try:
                return read()
            except stripe.StripeError as error:
                try:
                    pause = _pause(error, wait)
                except _Refused as refused:
                    raise ProviderError(_("Stripe does not tell: “%(words)s”"), words=refused.message) from None
            if pause is None:
                break
            time.sleep(pause)
        raise ProviderError(_("Stripe does not answer."))


def _pause(error: stripe.StripeError, wait: float | None) -> float | None:
    """Say how long to wait before asking again; None: no more.

    Raises:
        _Refused: Asking again would bring the same.
    """
    status = error.http_status
    if isinstance(error, stripe.RateLimitError):
        told = (error.headers or {}).get("Retry-After", "")
        return None if wait is None else min(float(told) if told.isdigit() else wait, _LONGEST_WAIT)
    if isinstance(error, stripe.APIConnectionError) or status is None or status >= 500 or status == 409:
        return wait
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
        words = _("Stripe does not accept our key, or Issuing is not switched on for the account.")
        raise ProviderError(words) from None
    raise _Refused(error.code or type(error).__name__, _plain(error))


def _plain(error: stripe.StripeError) -> str:
    """Give Stripe's words for people, without anything that it quotes of ours."""
    return (error.user_message or "it gave no reason")[:200]


def _ours(found: Any, reference: str) -> Any:
    """Find what bears our reference among what a list gives."""
    return next((one for one in found.auto_paging_iter() if _says(one, "kontor") == reference), None)


def _says(thing: Any, name: str) -> str | None:
    metadata = getattr(thing, "metadata", None)
    return metadata[name] if metadata is not None and name in metadata else None


def _applied(card: Any, load: Load) -> bool:
    """Say whether a card's limit is the one that a load asked for, and was set by it."""
    limits = card.spending_controls.spending_limits or ()
    ours = [one.amount for one in limits if one.interval == "all_time"]
    return ours == [load.limit_minor] and _says(card, "load") == load.reference


def _if_applied(card: Any, load: Load) -> Any:
    return card if _applied(card, load) else None


def _in_status(card: Any, status: str) -> Any:
    return card if card.status == status else None


def _identity(holder: Any) -> Identity:
    if isinstance(holder, str):
        return Identity.UNKNOWN
    needs = holder.requirements
    if needs.disabled_reason in ("rejected.listed", "listed"):
        return Identity.REFUSED
    return Identity.PENDING if needs.past_due or needs.disabled_reason else Identity.VERIFIED


def _answer(load: Load) -> Answer:
    if load.state is AskedState.LOADED:
        return Answer(load.reference, LoadResult.LOADED, amount_minor=load.amount_minor)
    code, _, message = load.failure.partition(": ")
    return _failed(load.reference, code, message)


def _failed(reference: str, code: str, message: str) -> Answer:
    return Answer(reference, LoadResult.FAILED, code, message)


def _unknown(reference: str) -> Answer:
    return Answer(reference, LoadResult.UNKNOWN)
