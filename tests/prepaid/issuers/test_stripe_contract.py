"""What we ask of Stripe, held against a description of its API: Prism answers on loopback, and refuses what is wrong.

Prism keeps no state, so only the form of questions and answers is tried here; what follows from them is tried against
our own fake. It comes from npm into the cache of whoever runs the tests.
"""

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import stripe

from app.domain.program_file.prepaid_settings import Address, Stripe
from app.domain.states import AskedState, CardState
from prepaid.issuers import stripe_provider
from prepaid.issuers.provider_books import Load, Order
from prepaid.issuers.stripe_provider import StripeProvider
from prepaid.issuers.stripe_questions import new_card
from tests.prepaid.conftest import NOW

VERSION = "5.16.0"
BILLING = Address(line1="Hauptstr. 1", city="Berlin", postal_code="10115", country="DE")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address(test_data: Path) -> Iterator[str]:
    description = test_data / "stripe" / "issuing_2026-10-28_prism.json"
    if not description.exists():
        pytest.skip("NOT RUN: the test data have no description of Stripe's API")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mock = [str(_prism()), "mock", "-h", "127.0.0.1", "-p", str(port), str(description)]
    with subprocess.Popen(mock, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as prism:
        try:
            at = f"http://127.0.0.1:{port}"
            _wait(at, prism)
            yield at
        finally:
            prism.terminate()


def _prism() -> Path:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("NOT RUN: there is no npm, from which Prism comes")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kontor-tests" / f"prism-{VERSION}"
    found = cache / "node_modules" / ".bin" / "prism"
    if not found.exists():
        asked = [npm, "install", "--prefix", str(cache), "--no-audit", "--no-fund", f"@stoplight/prism-cli@{VERSION}"]
        try:
            subprocess.run(asked, check=True, capture_output=True, timeout=240)
        except (subprocess.SubprocessError, OSError) as problem:
            pytest.skip(f"NOT RUN: npm does not bring Prism ({type(problem).__name__})")
    return found


def _wait(at: str, prism: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        if prism.poll() is not None:
            pytest.skip("NOT RUN: Prism ended by itself")
        try:
            urllib.request.urlopen(f"{at}/v1/balance", timeout=2)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("Prism does not listen")


class _NoBooks:
    """Books of nobody: only the form of the questions is tried."""

    def key(self, about: str, *, anew: bool = False) -> Any:
        return SimpleNamespace(text=about, asked_at=NOW, fresh=True)

    def limit_minor(self, token: str) -> int:
        return 100_00

    def outstanding_minor(self, currency: str) -> int:
        return 0

    def end(self, *_: Any) -> None:
        pass


@pytest.fixture
def asked(address: str, monkeypatch: pytest.MonkeyPatch) -> StripeProvider:
    made = StripeProvider(None, "sk_test_prism", address=address, waits=())  # type: ignore[arg-type]
    monkeypatch.setattr(made, "_books", _NoBooks())
    return made


def order(**changed: Any) -> Order:
    given: dict[str, Any] = {
        "card_id": 1,
        "reference": "card-A",
        "holder_reference": "holder:1",
        "holder": "Anna Example",
        "holder_token": None,
        "currency": "eur",
        "settings": Stripe(account_country="DE", billing=BILLING),
        "replaces": None,
        "carried_minor": 0,
    }
    return Order(**(given | changed))


def test_every_question_of_ours_is_one_that_stripe_knows(asked: StripeProvider) -> None:
    assert asked._holder(order()).startswith("ich_")
    company = order(settings=Stripe(account_country="DE", holders="company", billing=BILLING))
    assert asked._holder(company).startswith("ich_")
    for carried in (0, 70_00):
        card = asked._issuing.cards.create(new_card(order(), "ich_1", carried), asked._options("k"))
        assert card.id.startswith("ic_")
        assert len(card.last4) == 4
    for activates in (True, False):
        load = Load("K-1R1", "ic_1", 100_00, 100_00, AskedState.ASKED, "", NOW, activates=activates, again=False)
        assert asked._finish(load).amount_minor == 100_00
    for state in (CardState.BLOCKED, CardState.CLOSED):
        asked._once("state", lambda options, state=state: _status(asked, state, options), lambda: None)
    assert asked.facts("ic_1").state in CardState
    assert isinstance(asked.balance_minor("ic_1"), int)
    assert all(one.token.startswith("ipi_") for one in asked.history("ic_1", NOW))
    assert asked.refuse_run("EUR", 10**9) is not None


def _status(asked: StripeProvider, state: CardState, options: Any) -> Any:
    return asked._issuing.cards.update("ic_1", {"status": stripe_provider._STATUS[state]}, options)  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "virtual", "cardholder": "ich_1"},
        {"type": "prepaid", "currency": "eur", "cardholder": "ich_1"},
        {"type": "virtual", "currency": "eur", "spending_controls": {"spending_limits": [{"amount": 1}]}},
        {
            "type": "virtual",
            "currency": "eur",
            "spending_controls": {"spending_limits": [{"amount": 1, "interval": "forever"}]},
        },
    ],
)
def test_the_mock_would_notice_a_wrong_one(asked: StripeProvider, wrong: Any) -> None:
    """The control: what is not in the description is refused."""
    with pytest.raises(stripe.InvalidRequestError):
        asked._issuing.cards.create(wrong)


@pytest.mark.parametrize("code", [401, 402, 403, 404, 409, 429, 500])
def test_every_error_of_stripe_is_understood(asked: StripeProvider, code: int) -> None:
    with pytest.raises((stripe_provider.ProviderError, stripe_provider._Refused)) as raised:
        asked._once(
            "forced",
            lambda options: asked._issuing.cards.retrieve("ic_1", options={"headers": {"Prefer": f"code={code}"}}),
            lambda: None,
        )
    refused = isinstance(raised.value, stripe_provider._Refused)
    assert refused == (code in (402, 404)), "these alone are Stripe's last word"
