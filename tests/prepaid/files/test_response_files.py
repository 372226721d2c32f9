from pathlib import Path

import openpyxl
import pytest

from app.config import Settings
from importers.errors import FileRefused
from importers.files.limits import Limits
from prepaid.errors import AgreedColumnsMissing, CardNumberFound
from prepaid.files.response_files import Response, read_response
from prepaid.providers import Answer, LoadResult


def read(tmp_path: Path, text: str, decimals: int = 2) -> Response:
    path = tmp_path / "response.csv"
    path.write_text(text, encoding="utf-8")
    return read_response(path, path.name, limits=Limits.of(Settings()), decimals=decimals)


def test_answers_come_with_their_rows(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "Reference,Result,Code,Message,Amount,other\n"
        "A-1R1,loaded,,,5000.00,x\n"
        "\n"
        "A-2R1,FAILED,card_blocked,The card is blocked.,,y\n"
        "A-3R1, unknown ,,,12.5,\n",
    )
    assert found.rows == 3
    assert found.problems == []
    assert found.answers == [
        (2, Answer("A-1R1", LoadResult.LOADED, "", "", 500_000)),
        (4, Answer("A-2R1", LoadResult.FAILED, "card_blocked", "The card is blocked.", None)),
        (5, Answer("A-3R1", LoadResult.UNKNOWN, "", "", 1_250)),
    ]


def test_the_totals_of_an_order_file_that_comes_back_are_no_answer(tmp_path: Path) -> None:
    found = read(tmp_path, "record,reference,amount,result\nload,A-1R1,50.00,loaded\ntotal,,50.00,\n")
    assert (found.rows, found.problems) == (1, [])
    assert found.answers == [(2, Answer("A-1R1", LoadResult.LOADED, "", "", 5_000))]


@pytest.mark.parametrize(
    ("row", "code", "words"),
    [
        (",loaded,1.00", "missing", "reference"),
        ("A,perhaps,1.00", "no_such_value", "'perhaps'"),
        ("A,,1.00", "no_such_value", "None"),
        ("A,loaded,1.001", "not_a_number", "'1.001'"),
        ("A,loaded,-1.00", "not_a_number", "'-1.00'"),
        ("A,loaded,1e5", "not_a_number", "'1e5'"),
        ("A,loaded", "wrong_number_of_cells", "2 cells"),
    ],
)
def test_a_row_that_says_nothing_is_listed(tmp_path: Path, row: str, code: str, words: str) -> None:
    found = read(tmp_path, f"reference,result,amount\nB,loaded,2.00\n{row}\n")
    assert [answer.reference for _, answer in found.answers] == ["B"]
    assert [(one["row"], one["code"]) for one in found.problems] == [(3, code)]
    assert words in found.problems[0]["message"]
    assert found.rows == 2


def test_a_workbook_is_read_as_well(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["reference", "result", "amount"])
    sheet.append(["A-1R1", "loaded", 5000.5])
    book.save(tmp_path / "response.xlsx")
    found = read_response(tmp_path / "response.xlsx", "response.xlsx", limits=Limits.of(Settings()), decimals=2)
    assert found.answers == [(2, Answer("A-1R1", LoadResult.LOADED, "", "", 500_050))]


def test_columns_are_needed(tmp_path: Path) -> None:
    with pytest.raises(AgreedColumnsMissing, match="'result', as agreed with the card operator") as refused:
        read(tmp_path, "reference,outcome\nA,loaded\n")
    assert "profile" not in str(refused.value), "an operator's answers have no import profile"


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused):
        read(tmp_path, "\0\0\0")


@pytest.mark.parametrize(
    "text",
    [
        "reference,result,message\nA,failed,card 4111111111111111 is blocked\n",
        "reference,result,message\nA,failed,the card, 4111111111111111, is blocked\n",
        "reference,result,pan\nA,loaded,4111 1111 1111 1111\n",
        "reference,result,4111111111111111\nA,loaded,\n",
    ],
)
def test_a_card_number_anywhere_refuses_the_file_and_is_not_repeated(tmp_path: Path, text: str) -> None:
    with pytest.raises(CardNumberFound) as refused:
        read(tmp_path, text)
    assert "4111" not in str(refused.value).replace(" ", "")
    assert "response.csv, row" in str(refused.value)


def test_a_long_number_of_the_operator_is_no_card_number(tmp_path: Path) -> None:
    found = read(tmp_path, "reference,result,operation\nA-1R1,loaded,5900000000022\nA-2R1,loaded,85137182137241980a\n")
    assert len(found.answers) == 2
