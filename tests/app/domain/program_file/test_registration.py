"""Questions of a registration form: keys and values that stay, languages that stand in for one another."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.program_file.registration import (
    AnswerKind,
    Asked,
    Choice,
    Question,
    QuestionInvalid,
    check,
    choices_of,
    from_document,
    in_language,
    key_of,
    moved,
    said,
    tax_id_key,
    to_document,
)

YES_NO = [Choice("yes", {"en": "Yes", "pl": "Tak"}), Choice("no", {"en": "No"})]
SHOP = Question("shop", AnswerKind.ONE, {"en": "A shop?", "pl": "Sklep?"}, choices=YES_NO)

words = st.dictionaries(st.sampled_from(["en", "pl", "ru"]), st.text(min_size=1, max_size=20), min_size=1)
questions = st.builds(
    Question,
    key=st.text(min_size=1, max_size=10),
    kind=st.sampled_from(AnswerKind),
    label=words,
    hint=words | st.just({}),
    required=st.booleans(),
    asked=st.sampled_from(Asked),
    choices=st.lists(st.builds(Choice, value=st.text(min_size=1, max_size=5), label=words), max_size=3),
)


@given(st.lists(questions, max_size=5))
def test_what_is_written_down_is_read_back(given_: list[Question]) -> None:
    assert from_document(to_document(given_)) == given_


def test_a_question_is_put_to_those_it_is_for() -> None:
    for_all, for_reps = SHOP, replace(SHOP, asked=Asked.REP)
    assert (for_all.of("company"), for_all.of("rep")) == (True, True)
    assert (for_reps.of("company"), for_reps.of("rep")) == (False, True)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"label": {}}, "label"),
        ({"label": {"en": ""}}, "label"),
        ({"label": {"en": "x" * 301}}, "label"),
        ({"choices": []}, "choices"),
        ({"choices": YES_NO[:1]}, "choices"),
        ({"choices": [YES_NO[0], YES_NO[0]]}, "choices"),
        ({"choices": [Choice(str(at), {"en": "x"}) for at in range(31)]}, "choices"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(changes: dict[str, object], why: str) -> None:
    check(SHOP)
    check(replace(SHOP, kind=AnswerKind.LINE, choices=()))
    with pytest.raises(QuestionInvalid) as refused:
        check(replace(SHOP, **changes))
    assert refused.value.why == why


def test_a_text_stands_in_for_a_language_that_has_none() -> None:
    texts = {"pl": "Sklep?", "en": ""}
    assert in_language(texts, "pl", "en") == "Sklep?"
    assert in_language(texts, "ru", "pl") == "Sklep?"
    assert in_language(texts, "ru", "en") == "Sklep?"
    assert in_language({}, "ru", "en") == ""


def test_choices_are_lines_and_the_nth_line_of_each_language_is_one() -> None:
    made = choices_of({"pl": ["Sklep", "Hurtownia"], "en": ["Shop", ""]}, "pl")
    assert made == [
        Choice("sklep", {"pl": "Sklep", "en": "Shop"}),
        Choice("hurtownia", {"pl": "Hurtownia"}),
    ]
    with pytest.raises(QuestionInvalid):
        choices_of({"pl": ["Sklep"], "en": ["Shop", "Wholesale"]}, "pl")


def test_a_choice_keeps_its_value_when_it_moves_or_gets_other_languages() -> None:
    before = choices_of({"en": ["Shop", "Wholesale"]}, "en")
    after = choices_of({"en": ["Wholesale", "Shop", "Web shop"], "pl": ["Hurtownia"]}, "en", before)
    assert [one.value for one in after] == ["wholesale", "shop", "web-shop"]
    renamed = choices_of({"en": ["Shops", "Wholesale"]}, "en", before)
    assert renamed[1].value == "wholesale"
    assert renamed[0].value != "shop", "other words are another answer"


@given(st.lists(st.text(min_size=1, max_size=8), max_size=8))
def test_no_two_choices_have_one_value_and_no_two_questions_one_key(lines: list[str]) -> None:
    values = [one.value for one in choices_of({"en": lines}, "en")]
    assert len(set(values)) == len(values)
    taken: set[str] = set()
    for line in lines:
        key = key_of(line, taken)
        assert key not in taken
        assert len(key) <= 45
        taken.add(key)


def test_questions_move_up_and_down_and_not_beyond_the_ends() -> None:
    asked = [replace(SHOP, key=key) for key in "abc"]

    def order(key: str, by: int) -> str:
        return "".join(one.key for one in moved(asked, key, by))

    assert (order("b", -1), order("b", 1), order("a", -1), order("c", 1), order("x", 1)) == (
        "bac",
        "acb",
        "abc",
        "abc",
        "abc",
    )


@pytest.mark.parametrize(
    ("kind", "answer", "read"),
    [
        (AnswerKind.LINE, "words", "words"),
        (AnswerKind.LINE, None, ""),
        (AnswerKind.TICK, True, "✓"),
        (AnswerKind.TICK, False, "–"),
        (AnswerKind.ONE, "yes", "Tak"),
        (AnswerKind.ONE, "gone", "gone"),
        (AnswerKind.SEVERAL, ["yes", "no"], "Tak, No"),
        (AnswerKind.DAY, "2026-03-31", "2026-03-31"),
    ],
)
def test_answers_are_read_in_words(kind: AnswerKind, answer: object, read: str) -> None:
    assert said(replace(SHOP, kind=kind), answer, "pl") == read


@pytest.mark.parametrize(
    "written", ["526-104-08-28", "PL5261040828", "pl 526 104 08 28", "5261040828", "５２６1040828"]
)
def test_tax_ids_compare_however_they_are_written(written: str) -> None:
    assert tax_id_key(written) == "5261040828"


def test_letters_of_a_tax_id_that_are_no_country_stay() -> None:
    assert tax_id_key("ESB-12345678") == "ESB12345678"
    assert tax_id_key("B12345678") == "B12345678"
    assert tax_id_key(" - ") == ""
