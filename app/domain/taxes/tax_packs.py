"""The tax rules that come with the product, by country, and a programme's own rules beside them.

The packs are data (`tax_data/*.yaml`), each rule marked as to be confirmed by an adviser.
"""

import datetime as dt
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from app.domain.saying.wording import Say, marked
from app.domain.taxes.tax_rules import TaxRule

_ = marked
PACK_WORDS = (
    _("Flat tax on benefits in kind, paid by the sponsor"),
    _("Other income, reported by the sponsor"),
    _("Prize in a premium sale or contest, private person"),
    _("Prize in kind, private person"),
    _("Prize in money, private person"),
    _("Reward by a third party to a salesperson"),
    _("Reward is revenue of the company"),
    _("Reward is revenue of the participant's business"),
    _("Salesperson of a distributor, other sources"),
    _("Taxed Award Scheme for the staff of a distributor"),
    _("The recipient declares the reward"),
    _("20th of the next month"),
    _("EStG section 37b; judgment of the Federal Fiscal Court of 21.02.2018, VI R 25/16"),
    _("HMRC manuals EIM11235, PAYE27040 and NIM02375"),
    _("IRC 6041; P.L. 119-21 section 70433; IRS publication 3204"),
    _("Income tax regulation (RIRPF) articles 75 and 105; ruling V1178-25"),
    _("PIT Act, Tax Ordinance, rulings of the National Tax Information named at each rule"),
    _("Social security code article L242-1-4; monthly minimum wage (SMIC) by date"),
    _("BFH 21.02.2018, VI R 25/16"),
    _("CSS art. L242-1-4"),
    _("EStG section 37b; not for points programmes, BFH 21.02.2018, VI R 25/16"),
    _("HMRC EIM11235, PAYE27040, NIM02375"),
    _("IRC 6041; P.L. 119-21 section 70433"),
    _("PIT Act art. 14 and 21(1)(68) last part; ruling 0115-KDIT2.4011.812.2021.5.HD; CIT for companies"),
    _("PIT Act art. 20(1); ruling 0115-KDIT2.4011.494.2025.2.MM of 3 December 2025"),
    _("PIT Act art. 30(1)(2) and 21(1)(68); Tax Ordinance art. 63"),
    _("RIRPF 75.2.c and 75.3.f"),
    _("RIRPF 75.2.c, 75.3.f and 105.1"),
    _("revenue of the business"),
    _(
        "the flat tax of section 37b EStG is not open to points that dealers and their staff earn by their own sales "
        "(BFH 21.02.2018, VI R 25/16)"
    ),
)
"""What the packs say in words, for the translators: laws as well, for an article has other words in each language."""


def pack_text(text: str, say: Say) -> str:
    """Say what a pack says in the language of ``say``; what a programme's own rule says is told as it is."""
    return say(text) if text in PACK_WORDS else text


_FOLDER = Path(__file__).parent / "tax_data"


class UnknownPackError(LookupError):
    """No pack comes with the product for this country."""

    def __init__(self, country: str) -> None:
        """Say which countries there are."""
        super().__init__(f"no tax pack for {country!r}; there is one for {', '.join(pack_countries())}")
        self.country = country


@functools.cache
def pack_countries() -> tuple[str, ...]:
    """Name the countries that have a pack, in the order of the alphabet."""
    return tuple(sorted(path.stem.upper() for path in _FOLDER.glob("*.yaml")))


def pack_behind(named: str | None, *, has_own: bool, country: str) -> str | None:
    """Say whose pack stands behind a programme's own rules: the one it names; where it has neither, its country's."""
    if named is None and not has_own and country in pack_countries():
        return country
    return named


@dataclass(frozen=True)
class Origin:
    """Where a pack comes from: what was read for it, and when. What changed since is not in it."""

    sources: str
    read_on: dt.date


def pack(country: str) -> tuple[TaxRule, ...]:
    """Give a country's rules.

    Raises:
        UnknownPackError: There is none for it.
    """
    return _read(country)[0]


def origin(country: str) -> Origin:
    """Say where a country's pack comes from.

    Raises:
        UnknownPackError: There is none for it.
    """
    return _read(country)[1]


@functools.cache
def _read(country: str) -> tuple[tuple[TaxRule, ...], Origin]:
    if country not in pack_countries():
        raise UnknownPackError(country)
    content = yaml.safe_load((_FOLDER / f"{country.lower()}.yaml").read_text(encoding="utf-8"))
    rules = read_rules(content["rules"], {key: content[key] for key in ("country", "currency", "decimals")})
    return rules, Origin(content["sources"], content["read_on"])


def read_rules(entries: Iterable[Mapping[str, Any]], defaults: Mapping[str, Any]) -> tuple[TaxRule, ...]:
    """Read rules as people write them.

    Args:
        entries: the rules.
        defaults: what a rule takes where it does not say it: ``country``, ``currency`` and ``decimals``.

    Raises:
        ValueError: A rule contradicts itself or says what no rule can say (`pydantic.ValidationError`), or two rules
            have the same code and version.
    """
    rules = tuple(TaxRule.model_validate({**defaults, **entry}) for entry in entries)
    seen: set[tuple[str, int]] = set()
    for rule in rules:
        if (rule.code, rule.version) in seen:
            raise ValueError(f"tax rule {rule.code} version {rule.version} stands there twice")
        seen.add((rule.code, rule.version))
    return rules


def rules_of(country: str | None, own: Iterable[Mapping[str, Any]], defaults: Mapping[str, Any]) -> tuple[TaxRule, ...]:
    """Give a programme's rules in the order in which they are looked at: its own, then the pack's.

    Args:
        country: whose pack; none: the programme's own rules alone.
        own: the programme's own rules, as people write them.
        defaults: see `read_rules`.

    Raises:
        UnknownPackError: There is no pack for the country.
        ValueError: See `read_rules`.
    """
    return read_rules(own, defaults) + (pack(country) if country is not None else ())
