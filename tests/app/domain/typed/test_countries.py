"""Countries are known by two letters, three, or a name, in the languages of those who send files."""

import pytest

from app.domain.typed.countries import country_called, country_name, is_country


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("PL", "PL"),
        (" pl ", "PL"),
        ("POL", "PL"),
        ("Polska", "PL"),
        ("POLEN", "PL"),
        ("Польша", "PL"),
        ("UK", "GB"),
        ("U.K.", "GB"),
        ("Wielka Brytania", "GB"),
        ("EE. UU.", "US"),
        ("США", "US"),
        ("Czech Republic", "CZ"),
        ("Czechia", "CZ"),
        ("Côte d’Ivoire", "CI"),
        ("Lombardia", None),
        ("EU", None),
        ("", None),
    ],
)
def test_a_country_is_known_by_what_it_is_called(text: str, code: str | None) -> None:
    assert country_called(text) == code


def test_a_code_is_named_in_a_language_and_other_words_stay() -> None:
    assert (country_name("PL", "es"), country_name("Lombardia", "es"), country_name("EU", "pl")) == (
        *("Polonia", "Lombardia", "EU"),
    )
    assert is_country("PL")
    assert not is_country("POL")
