from pathlib import Path

import pytest
from sqlalchemy import Engine

from app.config import Settings
from app.domain.typed.card_numbers import holds_card_number
from importers.files.guard import judge
from importers.files.limits import Limits
from importers.reading.reading import read
from prepaid.issuers.sandbox import SandboxProvider, refuse_some
from prepaid.providers import Answer, CardRequest, LoadResult, OrderRefused, ProviderError

HEADER = "record,batch,line,reference,requires,card_token,last4,amount,currency,kind,distributor_code,holder\n"


@pytest.fixture
def sandbox(engine: Engine) -> SandboxProvider:
    return SandboxProvider(engine, refusal=lambda code, *_: "card_blocked" if code == "BAD" else None)


def card(sandbox: SandboxProvider, reference: str, currency: str = "PLN") -> str:
    return sandbox.issue_cards([CardRequest(reference, "Somebody", currency)])[0].token


def order(tmp_path: Path, *lines: str, total: str, name: str = "order.csv") -> Path:
    path = tmp_path / name
    path.write_text(HEADER + "".join(f"{line}\n" for line in lines) + total + "\n", encoding="utf-8")
    return path


def submit(sandbox: SandboxProvider, path: Path) -> list[tuple[str, ...]]:
    (response,) = sandbox.submit(path, path.parent / "back")
    table = read(judge(response, response.name, Limits.of(Settings())), response.name, None)
    columns = [table.column(name).to_pylist() for name in ("reference", "result", "code", "amount")]
    return list(zip(*columns, strict=True))


def test_a_card_is_issued_once_for_a_reference(sandbox: SandboxProvider) -> None:
    request = CardRequest("issue-1", "Somebody", "PLN")
    (one,) = sandbox.issue_cards([request])
    (again,) = sandbox.issue_cards([request])
    assert one == again
    assert not holds_card_number(one.token)
    assert len(one.last4) == 4
    assert sandbox.balance_minor(one.token) == 0


def test_an_order_is_loaded_and_answered(sandbox: SandboxProvider, tmp_path: Path) -> None:
    token, bad = card(sandbox, "load-1"), card(sandbox, "load-2")
    path = order(
        tmp_path,
        f"load,1,1,LA-1R1,,{token},0001,5000.00,PLN,reward,A,Anna",
        f"load,1,2,LA-1C1,LA-1R1,{token},0001,556.00,PLN,compensation,A,Anna",
        f"load,1,3,LA-2R1,,{bad},0002,10.00,PLN,reward,BAD,Ben",
        f"load,1,4,LA-2C1,LA-2R1,{bad},0002,1.00,PLN,compensation,GOOD,Ben",
        "load,1,5,LA-3R1,,no-such-token,0002,10.00,PLN,reward,A,Ben",
        total="total,1,5,,,,,5577.00,PLN,,,",
    )
    expected = [
        ("LA-1R1", "loaded", None, "5000.00"),
        ("LA-1C1", "loaded", None, "556.00"),
        ("LA-2R1", "failed", "card_blocked", "10.00"),
        ("LA-2C1", "failed", "required_load_missing", "1.00"),
        ("LA-3R1", "failed", "unknown_card", "10.00"),
    ]
    assert submit(sandbox, path) == expected
    assert (sandbox.balance_minor(token), sandbox.balance_minor(bad)) == (555_600, 0)
    assert submit(sandbox, path) == expected
    assert sandbox.balance_minor(token) == 555_600
    found = sandbox.look_up(["LA-1R1", "LA-2R1", "never seen"])
    assert found == {
        "LA-1R1": Answer("LA-1R1", LoadResult.LOADED, "", "", 500_000),
        "LA-2R1": Answer("LA-2R1", LoadResult.FAILED, "card_blocked", "The card is blocked.", 1_000),
    }


def test_a_reference_cannot_be_used_for_something_else(sandbox: SandboxProvider, tmp_path: Path) -> None:
    token = card(sandbox, "reuse-1")
    submit(sandbox, order(tmp_path, f"load,1,1,RU-1,,{token},1,5.00,PLN,reward,A,A", total="total,1,1,,,,,5.00,PLN,,,"))
    again = order(tmp_path, f"load,1,1,RU-1,,{token},1,6.00,PLN,reward,A,A", total="total,1,1,,,,,6.00,PLN,,,")
    assert submit(sandbox, again) == [("RU-1", "failed", "reference_reused", "6.00")]
    assert sandbox.balance_minor(token) == 500


def test_a_card_of_another_currency_is_not_loaded(sandbox: SandboxProvider, tmp_path: Path) -> None:
    token = card(sandbox, "yen-1", "JPY")
    path = order(
        tmp_path,
        f"load,1,1,YEN-1,,{token},1,5,JPY,reward,A,A",
        f"load,1,2,YEN-2,,{token},1,5,PLN,reward,A,A",
        total="total,1,2,,,,,5.05,PLN,,,",
    )
    assert [row[1:3] for row in submit(sandbox, path)] == [("loaded", None), ("failed", "wrong_currency")]


@pytest.mark.parametrize(
    ("lines", "total", "words"),
    [
        (["load,1,1,W-1,,t,1,5.00,PLN,reward,A,A"], "total,1,2,,,,,5.00,PLN,,,", "control totals"),
        (["load,1,1,W-1,,t,1,5.00,PLN,reward,A,A"], "total,1,1,,,,,5.01,PLN,,,", "control totals"),
        (["load,1,1,W-1,,t,1,5.00,PLN,reward,A,A"], "load,1,2,W-2,,t,1,5.00,PLN,reward,A,A", "does not end"),
        (["load,1,1,W-1,,t,1,0.00,PLN,reward,A,A"], "total,1,1,,,,,0.00,PLN,,,", "not complete"),
        (["load,1,1,W-1,,t,1,5.001,PLN,reward,A,A"], "total,1,1,,,,,5.00,PLN,,,", "not complete"),
        (["load,1,1,,,t,1,5.00,PLN,reward,A,A"], "total,1,1,,,,,5.00,PLN,,,", "not complete"),
        (["load,1,1,W-1,,t,1,5.00,PLN,reward,A,A"] * 2, "total,1,2,,,,,10.00,PLN,,,", "more than once"),
        (["load,1,1,W-1,,t,1,5.00,PLN"], "total,1,1,,,,,5.00,PLN,,,", "another width"),
    ],
)
def test_a_file_that_is_not_whole_is_refused_as_a_whole(
    sandbox: SandboxProvider, tmp_path: Path, lines: list[str], total: str, words: str
) -> None:
    with pytest.raises(OrderRefused, match=words):
        sandbox.submit(order(tmp_path, *lines, total=total), tmp_path)
    assert sandbox.look_up(["W-1", "W-2"]) == {}


def test_what_is_no_order_file_is_refused(sandbox: SandboxProvider, tmp_path: Path) -> None:
    path = tmp_path / "order.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(OrderRefused, match="lacks columns"):
        sandbox.submit(path, tmp_path)
    with pytest.raises(OrderRefused, match="cannot be read"):
        sandbox.submit(tmp_path / "nowhere.csv", tmp_path)


def test_an_unknown_card_has_no_balance(sandbox: SandboxProvider) -> None:
    with pytest.raises(ProviderError):
        sandbox.balance_minor("nobody's")


def test_about_three_of_a_hundred_are_refused_and_always_the_same() -> None:
    refused = [refuse_some(f"D-{number}", "reward", 0) for number in range(10_000)]
    assert 250 < sum(one is not None for one in refused) < 350
    assert {"card_blocked", "limit_exceeded", None} == set(refused)
    assert refused == [refuse_some(f"D-{number}", "reward", 0) for number in range(10_000)]
    assert len({refuse_some("D-7", "reward", tries) for tries in range(200)}) > 1
