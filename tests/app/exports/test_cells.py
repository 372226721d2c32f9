"""Safe cells: nothing starts a formula, and everything comes back."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.exports import cells
from tests.app.exports.hostile import PAYLOADS

SIGNS = "=+-@\t\r\n＝＋－＠"
texts = st.text(
    alphabet=st.one_of(st.sampled_from(f"{SIGNS}' .,0123456789a\0\u00a0\ufeff"), st.characters(codec="utf-8"))
)


@given(texts)
def test_what_was_escaped_comes_back(text: str) -> None:
    assert cells.unescape(cells.escape(text)) == text.replace("\0", "")


@given(st.lists(st.one_of(st.none(), texts), max_size=20))
def test_a_column_is_escaped_as_its_texts_are(column: list[str | None]) -> None:
    done = cells.escape_column(cells.text_column(column)).to_pylist()
    assert done == [None if text is None else cells.escape(text) for text in column]


@given(st.lists(st.one_of(st.none(), texts, texts.map("'{}".format)), max_size=20))
def test_what_a_column_was_escaped_to_comes_back(column: list[str | None]) -> None:
    given_ = cells.text_column([None if text is None else text.replace("\0", "") for text in column])
    assert cells.unescape_column(cells.escape_column(given_)).to_pylist() == given_.to_pylist()
    undone = cells.unescape_column(given_).to_pylist()
    assert undone == [None if text is None else cells.unescape(text) for text in given_.to_pylist()]


@pytest.mark.parametrize("text", PAYLOADS)
def test_no_hostile_text_starts_with_a_sign(text: str) -> None:
    escaped = cells.escape(text)
    seen = escaped.lstrip(" \u00a0\x01\u200b\u202e\ufeff")
    number = seen.lstrip("+-").replace(".", "", 1).isdigit()
    assert number or not seen or seen[0] not in SIGNS
    assert "\0" not in escaped
    assert cells.unescape(escaped) == text.replace("\0", "")


@pytest.mark.parametrize(
    "text",
    [
        "-5",
        "-5.00",
        "+34911222333",
        "-1,5",
        "0012",
        "1E5",
        "'t Hooft",
        "ES-B1",
        "a=1",
        "",
        "'",
        "a@b.c",
        "'-5",
        "'+48123",
    ],
)
def test_what_starts_no_formula_stays(text: str) -> None:
    assert cells.escape(text) == text == cells.unescape(text)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [("=1", "'=1"), (" =1", "' =1"), ("\0=1", "'=1"), ("'=1", "''=1"), ("''x", "'''x"), ("-", "'-"), ("-5\n", "'-5\n")],
)
def test_what_starts_one_gets_an_apostrophe(text: str, escaped: str) -> None:
    assert cells.escape(text) == escaped


def test_long_texts_are_cut_for_a_workbook_and_counted() -> None:
    long = ["x" * 32_767, "x" * 32_768, "😀" * 16_383, "😀" * 20_000, None]
    fitted, cut = cells.fit_column(cells.text_column(long))
    shown = fitted.to_pylist()
    assert cut == 2
    assert [shown[0], shown[2], shown[4]] == [long[0], long[2], None]
    for one in (shown[1], shown[3]):
        assert one.endswith(cells.CUT)
        assert 32_760 < len(one.encode("utf-16-le")) // 2 <= cells.MOST_TEXT


def test_line_ends_and_what_is_no_character_are_settled_for_a_workbook() -> None:
    fitted, cut = cells.fit_column(cells.text_column(["a\r\nb\rc\nd", "\0x", "\ufffe\uffff", "\x0b"]))
    assert (fitted.to_pylist(), cut) == (["a\nb\nc\nd", "x", "\ufffd\ufffd", "\x0b"], 0)


def test_half_a_surrogate_pair_is_replaced() -> None:
    assert cells.text_column(["a\ud800b", None]).to_pylist() == ["a?b", None]


@pytest.mark.parametrize("values", [[1], [1.5], ["a", 1], [b"a"], pa.array([True])])
def test_what_is_no_text_is_refused(values: object) -> None:
    with pytest.raises(TypeError, match="expected text"):
        cells.text_column(values)
