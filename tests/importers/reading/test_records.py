"""Files that are no tables, but might have been one, are refused with what to export instead."""

from pathlib import Path

import pytest

from importers.errors import FileRefused
from tests.importers.layout.reports import read_text

DOCUMENT = "{0};FV/{2}/2026;2026-01-0{2};D1\n{1};P1;2;20,00\n{1};P2;3;30,00\n"


def refusal(folder: Path, content: str) -> str:
    with pytest.raises(FileRefused) as refused:
        read_text(folder, content)
    return str(refused.value)


@pytest.mark.parametrize(("head", "line", "last"), [("H", "L", "T"), ("NAG", "POZ", "KON"), ("E01", "E02", "E09")])
def test_rows_of_several_kinds_are_said_to_be_such(tmp_path: Path, head: str, line: str, last: str) -> None:
    content = "".join(DOCUMENT.format(head, line, at) for at in range(1, 4)) + f"{last};3;6\n"
    said = refusal(tmp_path, content)
    assert "told by the letters in front of each" in said
    assert f"{head!r}, {line!r}" in said
    assert "export the lines" in said


@pytest.mark.parametrize(
    "content",
    [
        '[{"invoice": "FV/1", "date": "2026-01-05"},\n {"invoice": "FV/2", "date": "2026-01-05"}]',
        '{"invoice":"FV/1","qty":2}\n{"invoice":"FV/2","qty":2}\n',
        '\ufeff{\n  "sales": [{"invoice": "FV/1"}]\n}',
    ],
)
def test_json_is_said_to_be_such(tmp_path: Path, content: str) -> None:
    assert refusal(tmp_path, content).endswith(
        "JSON, expected a workbook or a text table; save the table as .xlsx or CSV."
    )


@pytest.mark.parametrize("content", ["x;1\ny;2\nz;3\nx;2;3\n", "A;1\nA;2\nA;3\nB;4\n"])
def test_other_texts_without_a_table_are_none_of_records(tmp_path: Path, content: str) -> None:
    assert "letters in front" not in refusal(tmp_path, content)
