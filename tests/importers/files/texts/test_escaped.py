r"""Texts that databases write: a backslash before a quote, and \N where there is nothing."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importers.files.texts import escaped
from importers.files.texts.escaped import quotes_doubled
from tests.importers.files.made import cells, read


def grid_of(folder: Path, text: str) -> list[list[str | None]]:
    path = folder / "kept"
    path.write_text(text, encoding="utf-8", newline="")
    (grid,) = read(path)
    assert (grid.wrong_width, dict(grid.broken)) == ((), {})
    return cells(grid)


def test_a_quote_behind_a_backslash_belongs_to_its_cell(tmp_path: Path) -> None:
    text = '"nr";"nazwa";"netto"\n"1";"Rura 5\\"";"2,50"\n"2";"Rura 3\\" i 5\\" \\\\ stal";"3,50"\n"3";\\N;"1"\n'
    assert grid_of(tmp_path, text) == [
        ["nr", "nazwa", "netto"],
        ["1", 'Rura 5"', "2,50"],
        ["2", 'Rura 3" i 5" \\ stal', "3,50"],
        ["3", None, "1"],
    ]


@pytest.mark.parametrize(
    "names",
    [
        ['"C:\\dane\\"', '"a"'],  # its last sign is a backslash
        ['"C:\\"', '"Rura 5"" i 3"""'],  # a quote is written twice
        ["C:\\x", "5\\N"],
    ],
)
def test_elsewhere_a_backslash_is_a_sign_as_any_other(tmp_path: Path, names: list[str]) -> None:
    text = "nr;nazwa;netto\n" + "".join(f"{at};{name};2,50\n" for at, name in enumerate(names))
    assert grid_of(tmp_path, text)[1:] == [
        [str(at), next(csv.reader([name], delimiter=";"))[0], "2,50"] for at, name in enumerate(names)
    ]


CELL = st.text(st.sampled_from('ab"\\;\n ,'), max_size=6)


@settings(max_examples=200, deadline=None)
@given(rows=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=5), size=st.integers(1, 9))
def test_each_text_of_a_database_becomes_one_whose_quotes_are_doubled(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], size: int
) -> None:
    written = [('a 5" b', "x"), *rows]  # by which it is known

    def row(two: tuple[str, str]) -> str:
        return ";".join('"' + one.replace("\\", "\\\\").replace('"', '\\"') + '"' for one in two)

    path = tmp_path_factory.mktemp("escaped") / "kept"
    path.write_text("\n".join(map(row, written)) + "\n", encoding="utf-8", newline="")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(escaped, "_BLOCK", size)
        with quotes_doubled(path) as plain:
            text = plain.read_bytes().decode()
    assert list(csv.reader(io.StringIO(text, newline=""), delimiter=";")) == [list(two) for two in written]
