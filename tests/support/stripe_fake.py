"""A Stripe of our own: cardholders, cards, balances and spends that last, and everything that goes wrong between us.

Idempotency as Stripe keeps it: the first answer under a key is the answer of every later question under it, an error of
its own included; other parameters under the same key are refused; a question whose answer is not ready is a conflict.
"""

import dataclasses
import json
import random
import re
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

Answer: TypeAlias = tuple[int, dict[str, Any]]

_NESTED = re.compile(r"\[([^\]]*)\]")


@dataclasses.dataclass
class Faults:
    """How often, of 1, something goes wrong with a question that changes something, and how long reading lags."""

    lost: float = 0.0  # it is done, and the answer never comes
    late: float = 0.0  # the answer never comes, and it is done some questions later
    broken: float = 0.0  # it is done, and answered by 500
    busy: float = 0.0  # 429, nothing is done
    lag: float = 0.0  # seconds that reading stays behind


class FakeStripe:
    """The books of the fake; one lock around everything."""

    def __init__(self, faults: Faults | None = None, seed: int = 0) -> None:
        self.faults, self.drawn = faults or Faults(), random.Random(seed)
        self.holders: dict[str, dict[str, Any]] = {}
        self.cards: dict[str, dict[str, Any]] = {}
        self.before: dict[str, tuple[float, dict[str, Any]]] = {}
        self.transactions: list[dict[str, Any]] = []
        self.authorizations: list[dict[str, Any]] = []
        self.funds: dict[str, int] = {"eur": 10**12}
        self.keys: dict[str, tuple[tuple[Any, ...], int, dict[str, Any]]] = {}
        self.late: list[tuple[int, str | None, tuple[Any, ...]]] = []
        self.refuse: set[str] = set()  # cards whose limit is not changed
        self.asked: list[tuple[str, str]] = []
        self.spoilt = dict.fromkeys(("lost", "late", "broken", "busy"), 0)
        self._lock = threading.RLock()
        self._count, self._own = 0, uuid.uuid4().hex[:10]

    # what the tests do

    def spend(self, card: str, amount: int, merchant: str = "Shop") -> str:
        """Capture something (or give it back, below zero), whatever the limit: captures always succeed."""
        with self._lock:
            self._count += 1
            one = {
                "id": f"ipi_{self._own}{self._count}",
                "object": "issuing.transaction",
                "amount": -amount,
                "card": card,
                "created": int(time.time()),
                "currency": "eur",
                "type": "capture" if amount > 0 else "refund",
                "merchant_data": {"name": merchant, "category": "misc"},
                "metadata": {},
            }
            self.transactions.insert(0, one)
            return one["id"]

    def limit_of(self, card: str) -> int:
        limits = self.cards[card]["spending_controls"]["spending_limits"]
        return sum(one["amount"] for one in limits)

    # asking

    def answer(
        self, method: str, path: str, asked: dict[str, Any], key: str | None
    ) -> tuple[int, dict[str, Any]] | None:
        """Answer a question; None: the answer is lost on its way."""
        with self._lock:
            self.asked.append((method, path))
            self._do_late()
            if method == "GET":
                return self._read(path, asked)
            what = (path, json.dumps(asked, sort_keys=True))
            if key in self.keys:
                same, status, body = self.keys[key]
                if same != what:
                    return 400, _error("idempotency_error", "Keys can only be used with the same parameters.")
                return status, body
            chance = self.drawn.random()
            for fault in ("busy", "late", "lost", "broken"):
                chance -= getattr(self.faults, fault)
                if chance < 0:
                    self.spoilt[fault] += 1
                    return self._spoil(fault, what, asked, key)
            return self._change(what, asked, key)

    def _spoil(self, fault: str, what: tuple[Any, ...], asked: dict[str, Any], key: str | None) -> Any:
        if fault == "busy":
            return 429, _error("rate_limit_error", "Too many requests.")
        if fault == "late":
            self.late.append((len(self.asked) + self.drawn.randrange(2, 12), key, (what, asked)))
            return None
        if fault == "lost":
            self._change(what, asked, key)
            return None
        _, body = self._change(what, asked, key)
        if key is not None and "error" not in body:
            self.keys[key] = (what, 500, _error("api_error", "Something went wrong."))
        return 500, _error("api_error", "Something went wrong.")

    def _do_late(self) -> None:
        due = [one for one in self.late if one[0] <= len(self.asked)]
        self.late = [one for one in self.late if one not in due]
        for _, key, (what, asked) in due:
            if key is None or key not in self.keys:
                self._change(what, asked, key)

    def _change(self, what: tuple[Any, ...], asked: dict[str, Any], key: str | None) -> Answer:
        status, body = self._done(what[0], asked)
        if key is not None:
            self.keys[key] = (what, status, json.loads(json.dumps(body)))
        return status, body

    def _done(self, path: str, asked: dict[str, Any]) -> Answer:
        if path == "/v1/issuing/cardholders":
            return self._new_holder(asked)
        if path == "/v1/issuing/cards":
            return self._new_card(asked)
        card = self.cards.get(path.rsplit("/", 1)[1])
        if card is None:
            return 404, _error("invalid_request_error", "No such card.", "resource_missing")
        if card["status"] == "canceled" or card["id"] in self.refuse:
            return 400, _error("invalid_request_error", "This card cannot be changed.", "card_canceled")
        self.before[card["id"]] = (time.monotonic(), json.loads(json.dumps(card)))
        if "status" in asked:
            card["status"] = asked["status"]
        if "spending_controls" in asked:
            card["spending_controls"] = _controls(asked)
        card["metadata"] |= asked.get("metadata", {})
        return 200, self._shown(card)

    def _new_holder(self, asked: dict[str, Any]) -> Answer:
        missing = {"name", "type", "billing"} - set(asked)
        if missing or len(asked["name"]) > 24 or any(one.isdigit() for one in asked["name"]):
            return 400, _error("invalid_request_error", "The cardholder is not complete.", "parameter_missing")
        self._count += 1
        made = {
            "id": f"ich_{self._own}{self._count}",
            "object": "issuing.cardholder",
            "created": int(time.time()),
            "name": asked["name"],
            "type": asked["type"],
            "status": "active",
            "billing": asked["billing"],
            "metadata": asked.get("metadata", {}),
            "requirements": {"disabled_reason": None, "past_due": []},
        }
        self.holders[made["id"]] = made
        return 200, made

    def _new_card(self, asked: dict[str, Any]) -> Answer:
        if asked.get("cardholder") not in self.holders or asked.get("currency") not in ("eur", "gbp", "usd"):
            return 400, _error("invalid_request_error", "The card is not complete.", "parameter_missing")
        self._count += 1
        made = {
            "id": f"ic_{self._own}{self._count}",
            "object": "issuing.card",
            "cardholder": asked["cardholder"],
            "created": int(time.time()),
            "currency": asked["currency"],
            "last4": f"{self._count % 10_000:04d}",
            "status": asked.get("status", "inactive"),
            "type": asked["type"],
            "spending_controls": _controls(asked),
            "metadata": asked.get("metadata", {}),
        }
        self.cards[made["id"]] = made
        return 200, self._shown(made)

    def _shown(self, card: dict[str, Any]) -> dict[str, Any]:
        return card | {"cardholder": self.holders[card["cardholder"]]}

    def _lagging(self, card: dict[str, Any]) -> dict[str, Any]:
        at, old = self.before.get(card["id"], (0.0, card))
        return old if time.monotonic() - at < self.faults.lag else card

    def _read(self, path: str, asked: dict[str, Any]) -> Answer:
        if path == "/v1/balance":
            issuing = [{"amount": amount, "currency": currency} for currency, amount in self.funds.items()]
            return 200, {"object": "balance", "issuing": {"available": issuing}, "livemode": False}
        lists = {
            "/v1/issuing/cards": [self._shown(self._lagging(one)) for one in self.cards.values()],
            "/v1/issuing/cardholders": list(self.holders.values()),
            "/v1/issuing/transactions": self.transactions,
            "/v1/issuing/authorizations": self.authorizations,
        }
        if path in lists:
            wanted = {name: value for name, value in asked.items() if name in ("card", "cardholder", "status")}
            found = [one for one in lists[path] if all(_is(one.get(name), value) for name, value in wanted.items())]
            return 200, {"object": "list", "url": path, "has_more": False, "data": found}
        card = self.cards.get(path.rsplit("/", 1)[1])
        if card is None:
            return 404, _error("invalid_request_error", "No such card.", "resource_missing")
        return 200, self._shown(self._lagging(card))


def _is(found: Any, wanted: str) -> bool:
    return (found["id"] if isinstance(found, dict) else found) == wanted


def _controls(asked: dict[str, Any]) -> dict[str, Any]:
    limits = asked.get("spending_controls", {}).get("spending_limits", {})
    return {
        "spending_limits": [
            {"amount": int(one["amount"]), "interval": one["interval"], "categories": None} for one in limits.values()
        ]
    }


def _error(kind: str, message: str, code: str | None = None) -> dict[str, Any]:
    return {"error": {"type": kind, "message": message, **({"code": code} if code else {})}}


def nested(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Read a form as Stripe's: spending_controls[spending_limits][0][amount]."""
    made: dict[str, Any] = {}
    for name, value in pairs:
        first = name.split("[", 1)[0]
        *path, last = [first, *_NESTED.findall(name)]
        at = made
        for step in path:
            at = at.setdefault(step, {})
        at[last] = value
    return made


@contextmanager
def serving(fake: FakeStripe) -> Iterator[str]:
    """Serve a fake on loopback; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def _take(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode()
            if len(body.encode()) < length:
                self.close_connection = True  # whoever asked died while asking, and half a question is none
                return
            asked = nested(parse_qsl(body or parts.query, keep_blank_values=True))
            answered = fake.answer(self.command, parts.path, asked, self.headers.get("Idempotency-Key"))
            if answered is None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, said = answered
            text = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            if status == 429:
                self.send_header("Retry-After", "0")
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = _take

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """Whoever asked may have been killed."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
