"""Sentences that are kept are said again in whatever language, with what is in them."""

import json

from app.domain.saying.load_failures import SENTENCES, amounts_differ, failure
from app.domain.saying.wording import Amount, Said, Told, either, in_a_row, said_of, together
from app.services.telling.languages import MINUS, NARROW, writing
from app.services.telling.texts import told

LIMIT = Said("setting %(setting)s, now %(now)s", {"setting": "KONTOR_MAX_CELLS", "now": 20_000_000})
MANY = Said("%(file)s: %(cells)s cells, more than are taken in (%(limit)s); split the file.")


def whole(**values: object) -> Said:
    return Said(MANY.text, {"file": "a.csv", "limit": LIMIT, **values})


def test_a_sentence_within_another_and_its_figures_are_said_in_the_language_as_well() -> None:
    said = whole(cells=30_000_000)
    assert str(said) == (
        "a.csv: 30,000,000 cells, more than are taken in (setting KONTOR_MAX_CELLS, now 20,000,000); split the file."
    )
    again = Said.again(json.loads(json.dumps(said.kept())))
    assert again == said
    polish = told(again, "pl")
    assert "20,000,000" not in polish
    assert polish.startswith(
        "a.csv: 30\u202f000\u202f000 komórek, więcej niż można przyjąć (ustawienie KONTOR_MAX_CELLS"
    )


def test_what_was_kept_in_english_alone_is_told_so() -> None:
    assert said_of(None, "It is broken.", lambda text: text.upper()) == "It is broken."


def test_values_are_listed_and_sentences_follow_one_another() -> None:
    assert str(Said("%(one)s.", {"one": either("a", "b", "c")})) == "a, b or c."
    assert str(Said("%(one)s.", {"one": together("a", "b")})) == "a and b."
    assert str(Said("%(one)s.", {"one": either("a")})) == "a."
    assert str(in_a_row(Said("One is %(one)s."), Said("Two."))) == "One is %(one)s. Two."
    assert str(Told("It has %(has)s.", has=["a", Said("b")])) == "It has a, b."


def test_a_load_that_failed_says_why_and_quotes_what_its_provider_says() -> None:
    assert told(failure("card_blocked: The card is blocked."), "pl") == "Karta jest zablokowana."
    assert told(failure("card_blocked: Sperre seit Mai"), "pl") == (
        "Karta jest zablokowana. Dostawca podaje: „Sperre seit Mai”."
    )
    assert told(failure("E77: Karta wygasła"), "ru") == "Провайдер сообщает: «E77: Karta wygasła»."
    differs = amounts_differ("12.00 PLN", "13.00 PLN")
    assert str(failure(differs)) == "The answer names 12.00 PLN, ordered were 13.00 PLN; ask the provider."
    assert "12,00 PLN" in told(failure(differs), "pl")
    assert failure(amounts_differ("1250 JPY", "-")).words(figure=writing("ru").figure) == (
        f"The answer names 1{NARROW}250 JPY, ordered were -; ask the provider."
    )
    assert all(told(failure(code), "es") != words for code, words in SENTENCES.items())


def test_an_amount_is_written_as_its_reader_writes_and_kept_as_what_it_is() -> None:
    said = Said("%(has)s of %(rows)s", {"has": Amount(-125_050, 2), "rows": 1_200})
    kept = json.loads(json.dumps(said.kept()))
    assert said_of(kept, "", str) == str(said) == "-1,250.50 of 1,200"
    polish = writing("pl").figure
    assert said_of(kept, "", str, polish) == said.words(figure=polish) == f"{MINUS}1{NARROW}250,50 of 1{NARROW}200"
    assert str(Said("%(none)s %(little)s", {"none": Amount(0, 2), "little": Amount(-5, 3)})) == "0.00 -0.005"
