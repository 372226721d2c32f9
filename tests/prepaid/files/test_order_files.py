from pathlib import Path

import numpy as np
import pytest

from app.config import Settings
from app.domain.states import TopUpKind
from app.domain.typed.card_numbers import holds_card_number
from importers.files.guard import judge
from importers.files.limits import Limits
from importers.reading.reading import read
from prepaid.errors import CardNumberFound
from prepaid.files.order_files import OrderLines, file_name, write_order


def lines(**changed: list[str]) -> OrderLines:
    columns = {
        "reference": ["K-1R1", "K-1C1", "K-2R1"],
        "requires": [None, "K-1R1", None],
        "token": ["tok-a", "tok-a", "tok-b"],
        "last4": ["0001", "0001", "0002"],
        "amount_minor": np.asarray([500_000, 55_600, 1]),
        "kind": [TopUpKind.REWARD, TopUpKind.COMPENSATION, TopUpKind.REWARD],
        "distributor_code": ["D1", "D1", "D2"],
        "holder": ["Anna Żak", "Anna Żak", '=cmd|" /C calc"!A0'],
    }
    return OrderLines(**(columns | changed))  # type: ignore[arg-type]


def test_every_load_is_a_line_and_the_last_line_is_the_control(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "order.csv"
    written = write_order(path, 7, "PLN", 2, lines())
    table = read(judge(path, path.name, Limits.of(Settings())), path.name, None)
    cells = {name: table.column(name).to_pylist() for name in table.header}
    assert written.rows == 4
    assert cells["record"] == ["load", "load", "load", "total"]
    assert cells["line"] == ["1", "2", "3", "3"]
    assert cells["amount"] == ["5000.00", "556.00", "0.01", "5556.01"]
    assert cells["requires"] == [None, "K-1R1", None, None]
    assert cells["last4"] == ["0001", "0001", "0002", None]
    assert cells["batch"] == ["7"] * 4
    assert cells["currency"] == ["PLN"] * 4
    assert cells["holder"][2] == '=cmd|" /C calc"!A0', "what the file escapes is read back as it was"


def test_a_currency_without_decimals(tmp_path: Path) -> None:
    write_order(tmp_path / "order.csv", 7, "JPY", 0, lines())
    assert ",500000,JPY," in (tmp_path / "order.csv").read_text()


@pytest.mark.parametrize("column", ["token", "distributor_code", "holder"])
def test_no_card_number_leaves_the_house(tmp_path: Path, column: str) -> None:
    with pytest.raises(CardNumberFound, match="line 2"):
        write_order(tmp_path / "order.csv", 7, "PLN", 2, lines(**{column: ["a", "4111111111111111", "c"]}))
    assert not (tmp_path / "order.csv").exists()


def test_long_codes_and_tokens_of_others_are_no_card_numbers(tmp_path: Path) -> None:
    """One in ten of all long numbers checks as a card's does: a GLN as a code, a token in hexadecimal digits."""
    codes, token = ["D1", "5900000000022", "D2"], "8513718213724198ba377fdcc800e0d4"
    assert all(holds_card_number(text) for text in (codes[1], token))
    assert write_order(tmp_path / "order.csv", 7, "PLN", 2, lines(distributor_code=codes, token=[token] * 3)).rows == 4


def test_the_name_of_a_file_says_what_it_is() -> None:
    assert file_name("Klub Żółw/../x", 12, 3) == "klub-w-x-run000012-batch000003.csv"
    assert file_name("///", 1, 1) == "program-run000001-batch000001.csv"
