"""What the tax packs say in words stands where translators see it."""

from app.domain.taxes.tax_packs import PACK_WORDS, origin, pack_countries, pack_text, rules_of
from app.services.telling.translations import translations


def test_whatever_a_pack_says_is_told_in_each_language() -> None:
    said = {origin(country).sources for country in pack_countries()}
    for country in pack_countries():
        for rule in rules_of(country, (), {"country": country, "currency": "EUR", "decimals": 2}):
            said |= {rule.title, rule.legal, *(one.reason for one in rule.blocks)}
            said |= {rule.pay_by} if rule.pay_by else set()
    assert said == set(PACK_WORDS)


def test_the_law_of_a_pack_is_cited_in_the_readers_language_and_a_programmes_own_as_it_is() -> None:
    polish = translations("pl").ugettext
    assert "ustawy o PIT" in pack_text("PIT Act art. 30(1)(2) and 21(1)(68); Tax Ordinance art. 63", polish)
    assert pack_text("our own ruling", polish) == "our own ruling"
