"""What the tax packs say in words stands where translators see it."""

from app.domain.tax_packs import PACK_WORDS, origin, pack_countries, rules_of


def test_whatever_a_pack_says_is_told_in_each_language() -> None:
    said = {origin(country).sources for country in pack_countries()}
    for country in pack_countries():
        for rule in rules_of(country, (), {"country": country, "currency": "EUR", "decimals": 2}):
            said |= {rule.title} | ({rule.pay_by} if rule.pay_by else set())
    assert said == set(PACK_WORDS)
