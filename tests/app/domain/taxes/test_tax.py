"""What a rule levies: the published vectors, our own, and the laws that hold for every amount."""

import datetime as dt
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.taxes.tax import Assessment, LeviedBefore, YearSoFar, apply, compute
from app.domain.taxes.tax_errors import (
    CapExceededError,
    ForbiddenByRuleError,
    MissingFigureError,
    TaxExceedsRewardError,
)
from app.domain.taxes.tax_rules import (
    BorneBy,
    Purpose,
    Rounding,
    RoundingMode,
)
from tests.app.domain.taxes.rewarded import TODAY, computed, minor, own_rule, packed

# The published vectors, from the folder of test data


def published() -> list[Any]:
    folder = os.environ.get("KONTOR_TEST_DATA")
    file = Path(folder) / "tax" / "tax_vectors.json" if folder else None
    if file is None or not file.exists():
        reason = f"NOT RUN: no tax vectors, KONTOR_TEST_DATA is {folder!r}"
        return [pytest.param(None, id="absent", marks=pytest.mark.skip(reason=reason))]
    return [pytest.param(one, id=one["id"]) for one in json.loads(file.read_text(encoding="utf-8"))["vectors"]]


AMOUNTS = ("value", "net", "gross", "cost", "cost_incl_vat", "annual_total")

RATES = ("assumed_rate", "rate")


def answers(vector: dict[str, Any]) -> dict[str, Any]:
    """Compute a published vector in its own words."""
    rule, told = packed(vector["rule"]), vector["given"]
    chosen: dict[str, Any] = {}
    for name in RATES:
        if name in told:
            chosen["rate_bp"] = int(Decimal(told[name]) * 10_000)
    if "smic_month" in told:
        chosen["references_minor"] = {"smic_month": minor(told["smic_month"])}
    if rule.needs_year_total:
        chosen["year_before_minor"] = 0
    if rule.code == "DE-37B":
        own_sales = told.get("programme") == "points for own sales"
        chosen["purpose"] = Purpose.OWN_SALES_POINTS if own_sales else Purpose.OTHER
    value = next(told[name] for name in AMOUNTS if name in told)
    on = dt.date(told.get("year", TODAY.year), 12, 31)
    try:
        result = computed(rule.code, value, on=on, **chosen)
    except ForbiddenByRuleError:
        return {"allowed": False}
    surcharges = {one.name: one.amount_minor for one in result.surcharges}
    return {
        "allowed": True,
        "exempt": result.exempt,
        "base": result.base_minor,
        "tax": result.tax_minor,
        "gross": result.gross_minor,
        "net": result.net_minor,
        "compensation": result.compensation_minor,
        "withheld": result.withheld_minor,
        "contribution": result.levied_minor,
        "total": result.levied_minor,
        "forms": list(result.forms),
        "report": result.reported,
        "SolZ": surcharges.get("SolZ"),
        "class_1a": surcharges.get("Class 1A NIC"),
    }


@pytest.mark.parametrize("vector", published())
def test_published_vectors_come_out(vector: dict[str, Any]) -> None:
    found = answers(vector)
    expected = {key: minor(value) if isinstance(value, str) else value for key, value in vector["expect"].items()}
    assert {key: found[key] for key in expected} == expected


# Our own vectors: value, then what is expected of the result, in the currency

OWN_VECTORS = [
    # Poland, flat tax in whole zlotys: the limit, roundings at .49 and .50, two solutions
    ("PL-PREMIUM-SALE", "0.00", {}, {"compensation": "0.00", "exempt": True, "forms": ()}),
    ("PL-PREMIUM-SALE", "1999.99", {}, {"compensation": "0.00", "exempt": True, "forms": ()}),
    ("PL-PREMIUM-SALE", "2000.00", {}, {"compensation": "0.00", "base": "0.00", "exempt": True}),
    ("PL-PREMIUM-SALE", "2000.01", {}, {"compensation": "222.00", "base": "2222.00", "forms": ("PIT-8AR",)}),
    ("PL-PREMIUM-SALE", "2002.49", {}, {"compensation": "222.00", "base": "2224.00"}),
    ("PL-PREMIUM-SALE", "2002.50", {}, {"compensation": "223.00", "base": "2226.00", "gross": "2225.50"}),
    ("PL-PREMIUM-SALE", "2992.49", {}, {"compensation": "332.00", "base": "3324.00"}),
    ("PL-PREMIUM-SALE", "2992.50", {}, {"compensation": "333.00", "base": "3326.00"}),
    ("PL-PREMIUM-SALE", "4500.00", {}, {"compensation": "500.00", "paid_out": "4500.00", "withheld": "500.00"}),
    ("PL-PREMIUM-SALE", "5000.00", {}, {"compensation": "556.00", "gross": "5556.00", "net": "5000.00"}),
    ("PL-PREMIUM-SALE", "11992.23", {}, {"compensation": "1332.00"}),
    ("PL-PREMIUM-SALE", "100000.00", {}, {"compensation": "11111.00"}),
    ("PL-PREMIUM-SALE", "3000.00", {"borne_by": BorneBy.PARTICIPANT}, {"net": "2700.00", "withheld": "300.00"}),
    # a business, a company, a salesperson
    ("PL-BUSINESS", "5000.00", {}, {"compensation": "0.00", "net": "5000.00", "forms": (), "remitted": "0.00"}),
    ("PL-DISTRIBUTOR-EMPLOYEE", "1000.00", {}, {"compensation": "136.36", "declared": "136.36", "withheld": "0.00"}),
    ("PL-DISTRIBUTOR-EMPLOYEE", "1000.00", {"rate_bp": 3200}, {"compensation": "470.59", "paid_out": "1470.59"}),
    ("PL-DISTRIBUTOR-EMPLOYEE", "0.01", {}, {"compensation": "0.00", "forms": ("PIT-11",)}),
    # Spain: the limit is compared with the base, a fifth above the cost
    ("ES-PRIZE", "300.00", {}, {"withheld": "0.00", "net": "300.00"}),
    ("ES-PRIZE", "300.01", {}, {"withheld": "57.00", "net": "243.01"}),
    ("ES-PRIZE", "500.00", {"borne_by": BorneBy.SPONSOR_COMPENSATES}, {"compensation": "117.28", "net": "500.00"}),
    ("ES-PRIZE-KIND", "250.00", {}, {"exempt": True, "withheld": "0.00"}),
    ("ES-PRIZE-KIND", "250.01", {}, {"base": "300.01", "withheld": "57.00", "paid_out": "250.01"}),
    # Germany: the surcharge's fraction of a cent is dropped
    ("DE-37B", "119.00", {"purpose": Purpose.OTHER}, {"tax": "35.70", "levied": "37.66", "gross": "119.00"}),
    ("DE-37B", "0.33", {"purpose": Purpose.OTHER}, {"tax": "0.10", "levied": "0.10"}),
    ("DE-37B", "10000.00", {"purpose": Purpose.OTHER}, {"tax": "3000.00", "levied": "3165.00"}),
    # France: slices of the year's total
    ("FR-L242-1-4", "270.27", {"references_minor": {"smic_month": 180_180}}, {"levied": "0.00", "exempt": True}),
    ("FR-L242-1-4", "270.28", {"references_minor": {"smic_month": 180_180}}, {"levied": "0.00", "exempt": False}),
    ("FR-L242-1-4", "270.30", {"references_minor": {"smic_month": 180_180}}, {"levied": "0.01"}),
    ("FR-L242-1-4", "1000.00", {"references_minor": {"smic_month": 180_180}}, {"levied": "145.95"}),
    ("FR-L242-1-4", "3000.00", {"references_minor": {"smic_month": 180_180}}, {"levied": "486.49", "beyond": "297.30"}),
    ("FR-L242-1-4", "1000.00", {}, {"levied": "145.31"}),  # the minimum wage of 2026, from the rule itself
    # Great Britain: grossed up at the rate chosen
    ("UK-TAS", "100.00", {"rate_bp": 2000}, {"gross": "125.00", "tax": "25.00", "levied": "43.75"}),
    ("UK-TAS", "100.00", {"rate_bp": 4000}, {"gross": "166.67", "tax": "66.67", "levied": "91.67"}),
    ("UK-TAS", "33.33", {"rate_bp": 2000}, {"gross": "41.66", "tax": "8.33", "levied": "14.58"}),
    # United States: reported, not taxed
    ("US-1099", "1999.99", {}, {"reported": False, "forms": ()}),
    ("US-1099", "2000.00", {}, {"reported": True, "forms": ("1099-MISC / 1099-NEC",)}),
    ("US-1099", "600.00", {"on": dt.date(2025, 12, 31)}, {"reported": True}),
    ("US-1099", "599.99", {"on": dt.date(2025, 12, 31)}, {"reported": False}),
    ("US-1099", "0.01", {"year_before_minor": 199_999}, {"reported": True, "year_total": "2000.00"}),
    ("US-1099", "1999.99", {"on": dt.date(2031, 1, 1)}, {"reported": False}),
]


@pytest.mark.parametrize(("code", "value", "chosen", "expected"), OWN_VECTORS)
def test_our_own_vectors_come_out(code: str, value: str, chosen: dict[str, Any], expected: dict[str, Any]) -> None:
    result = computed(code, value, **{"year_before_minor": 0, **chosen})
    names = {name: name if hasattr(result, name) else f"{name}_minor" for name in expected} | (
        {"beyond": "beyond_ceiling_minor"} if "beyond" in expected else {}
    )
    found = {name: getattr(result, attribute) for name, attribute in names.items()}
    assert found == {name: minor(one) if isinstance(one, str) else one for name, one in expected.items()}


# Compensation: its laws


def smallest_by_search(net: int, rate_bp: int, base_step: int, tax_step: int) -> int:
    """Try every multiple from zero: slow, and plainly right."""

    def half_up(numerator: int, denominator: int, step: int) -> int:
        return (2 * numerator + denominator * step) // (2 * denominator * step) * step

    compensation = 0
    while compensation != half_up(half_up(net + compensation, 1, base_step) * rate_bp, 10_000, tax_step):
        compensation += tax_step
    return compensation


@given(
    net=st.integers(0, 400_000),
    rate_bp=st.sampled_from([1, 300, 1000, 1200, 1900, 3200, 4550, 6000]),
    steps=st.sampled_from([("0.01", "0.01"), ("1.00", "1.00"), ("0.01", "1.00"), ("1.00", "0.10"), ("10.00", "0.05")]),
)
def test_compensation_is_the_smallest_that_satisfies_the_equation(
    net: int, rate_bp: int, steps: tuple[str, str]
) -> None:
    base_step, tax_step = steps
    rule = own_rule(rate_bp=rate_bp, base_round=base_step, tax_round=tax_step)
    result = compute(rule, value_minor=net, currency="PLN", decimals=2, on=TODAY)
    assert result.compensation_minor == smallest_by_search(net, rate_bp, minor(base_step), minor(tax_step))
    assert result.compensation_minor == result.tax_minor


@given(net=st.integers(0, 10**12), more=st.integers(0, 10**6), rate_bp=st.integers(0, 9000))
def test_compensation_never_falls_when_the_reward_rises(net: int, more: int, rate_bp: int) -> None:
    rule = own_rule(
        rate_bp=rate_bp,
        base_round="1.00",
        tax_round="1.00",
        exemption={"limit": "2000.00", "basis": "single_reward", "mode": "cliff"},
    )
    low, high = (
        compute(rule, value_minor=value, currency="PLN", decimals=2, on=TODAY).compensation_minor
        for value in (net, net + more)
    )
    assert low <= high


@given(net=st.integers(0, 10**15))
def test_the_participant_keeps_exactly_the_net(net: int) -> None:
    result = computed("PL-PREMIUM-SALE", str(Decimal(net).scaleb(-2)))
    assert result.gross_minor - result.tax_minor == net == result.net_minor
    if not result.exempt:  # within one zloty of the formula without rounding, net x r / (1 - r)
        assert abs(9 * result.compensation_minor - net) <= 9 * 100


def test_the_naive_formula_would_leave_the_participant_short() -> None:
    naive_gross = Decimal("5000.00") / (1 - Decimal("0.10"))
    tax = (naive_gross.quantize(Decimal(1)) * Decimal("0.10")).quantize(Decimal(1))
    assert naive_gross.quantize(Decimal("0.01")) - tax == Decimal("4999.56")
    assert computed("PL-PREMIUM-SALE", "5000.00").gross_minor - minor("556.00") == minor("5000.00")


@pytest.mark.parametrize(("limit", "exempt"), [("1000.00", True), ("999.99", False)])
def test_a_cliff_taxes_all_and_a_slice_the_rest(limit: str, exempt: bool) -> None:
    both = []
    for mode in ("cliff", "slice"):
        rule = own_rule(exemption={"limit": limit, "mode": mode}, borne_by="participant", withholding=True)
        both.append(compute(rule, value_minor=minor("1000.00"), currency="PLN", decimals=2, on=TODAY))
    assert [one.exempt for one in both] == [exempt, exempt]
    assert [one.tax_minor for one in both] == ([0, 0] if exempt else [minor("100.00"), 0])  # 0.01 x 10 % rounds to 0


@given(net=st.integers(0, 200_000), limit=st.integers(0, 100_000))
def test_a_slice_compensates_only_above_the_limit(net: int, limit: int) -> None:
    rule = own_rule(exemption={"limit": str(Decimal(limit).scaleb(-2)), "mode": "slice"})
    result = compute(rule, value_minor=net, currency="PLN", decimals=2, on=TODAY)
    above = max(0, net - limit)
    assert result.exempt == (net <= limit)
    assert result.compensation_minor == smallest_by_search(above, 1000, 1, 1)


# A calendar year


@given(rewards=st.lists(st.integers(0, 150_000), min_size=1, max_size=8))
def test_the_parts_of_a_year_add_up_to_the_levy_on_its_total(rewards: list[int]) -> None:
    before, parts = 0, 0
    for reward in rewards:
        result = computed("FR-L242-1-4", str(Decimal(reward).scaleb(-2)), year_before_minor=before)
        parts += result.levied_minor
        before += result.counted_minor
    whole = computed("FR-L242-1-4", str(Decimal(sum(rewards)).scaleb(-2)), year_before_minor=0)
    assert parts == whole.levied_minor


@given(
    steps=st.lists(st.tuples(st.integers(0, 150_000), st.integers(0, 9)), min_size=1, max_size=10),
    mode=st.sampled_from(["cliff", "slice"]),
)
def test_a_reward_is_levied_what_the_year_owes_beyond_what_was_levied(steps: list[tuple[int, int]], mode: str) -> None:
    rule = own_rule(
        exemption={"limit": "2000.00", "basis": "calendar_year", "mode": mode},
        borne_by=["sponsor"],
        surcharges=[{"name": "health", "rate_bp": 900, "of": "base"}],
    )
    applied = apply(rule, currency="PLN", decimals=2, on=TODAY)
    standing: list[Assessment] = []
    for reward, called_off in steps:
        if called_off < len(standing):  # what another of the year was levied keeps standing
            standing.pop(called_off)
        had = YearSoFar()
        for one in standing:
            had = had.with_(one)
        tax, health = sum(one.levy.tax for one in standing), sum(one.levy.surcharges[0] for one in standing)
        due = compute(
            rule, value_minor=had.counted_minor + reward, currency="PLN", decimals=2, on=TODAY, year_before_minor=0
        )
        found = applied.assess(reward, had)
        result = found.result()
        assert result.tax_minor == max(0, due.tax_minor - tax)
        assert result.surcharges[0].amount_minor == max(0, due.surcharges[0].amount_minor - health)
        standing.append(found)


def test_what_another_wording_levied_keeps_to_its_own_time() -> None:
    year = YearSoFar(300_000, LeviedBefore(1, 1000, 0, 0, ()))
    exempt = {"limit": "2000.00", "basis": "calendar_year", "mode": "cliff"}
    for version, levied in ((1, 40_000), (2, 10_000)):
        rule = own_rule(exemption=exempt, borne_by=["participant"], version=version)
        found = apply(rule, currency="PLN", decimals=2, on=TODAY).assess(100_000, year)
        assert found.result().levied_minor == levied
        assert found.result().steps[-1].result_minor == levied


@given(rewards=st.lists(st.integers(0, 120_000), min_size=1, max_size=6))
def test_compensations_of_a_year_add_up_to_the_levy_on_all_that_was_received(rewards: list[int]) -> None:
    rule = own_rule(
        exemption={"limit": "2000.00", "basis": "calendar_year", "mode": "cliff"}, base_round="1.00", tax_round="1.00"
    )
    before, compensated = 0, 0
    for reward in rewards:
        result = compute(rule, value_minor=reward, currency="PLN", decimals=2, on=TODAY, year_before_minor=before)
        before += result.counted_minor
        compensated += result.compensation_minor
    assert before == sum(rewards) + compensated
    if before <= minor("2000.00"):
        assert compensated == 0
    else:
        assert compensated == (2 * ((2 * before + 100) // 200 * 100) + 1000) // 2000 * 100


def test_a_year_that_passes_a_cliff_catches_up_on_what_was_exempt() -> None:
    rule = own_rule(exemption={"limit": "1000.00", "basis": "calendar_year", "mode": "cliff"}, borne_by="sponsor")
    first = compute(rule, value_minor=100_000, currency="PLN", decimals=2, on=TODAY, year_before_minor=0)
    second = compute(rule, value_minor=50_000, currency="PLN", decimals=2, on=TODAY, year_before_minor=100_000)
    assert (first.tax_minor, second.tax_minor) == (0, 15_000)
    assert "of which 0.00 on the earlier 1000.00: this reward 150.00" in second.steps[-1].text


def test_a_catching_up_tax_above_the_reward_is_refused() -> None:
    rule = own_rule(exemption={"limit": "1000.00", "basis": "calendar_year", "mode": "cliff"}, borne_by="participant")
    with pytest.raises(TaxExceedsRewardError, match=r"levies 100\.01 on a reward of 0\.10"):
        compute(rule, value_minor=10, currency="PLN", decimals=2, on=TODAY, year_before_minor=100_000)


def test_a_rule_that_looks_at_the_year_asks_for_it() -> None:
    for code in ("FR-L242-1-4", "US-1099"):
        with pytest.raises(MissingFigureError, match="earlier in the calendar year"):
            computed(code, "10.00")
    with pytest.raises(MissingFigureError, match="smic_month on 2019-01-01"):
        computed("FR-L242-1-4", "10.00", on=dt.date(2019, 1, 1), year_before_minor=0)


def test_the_cap_of_a_year_blocks() -> None:
    computed("DE-37B", "100.00", purpose=Purpose.OTHER, year_before_minor=minor("9900.00"))
    with pytest.raises(
        CapExceededError, match=r"covers 10000\.00 a year and recipient: 9900\.00 are used, 100\.01 more"
    ):
        computed("DE-37B", "100.01", purpose=Purpose.OTHER, year_before_minor=minor("9900.00"))


# The amounts of a result


@given(
    code=st.sampled_from(
        ["PL-PREMIUM-SALE", "PL-DISTRIBUTOR-EMPLOYEE", "ES-PRIZE", "ES-PRIZE-KIND", "DE-37B", "UK-TAS"]
    ),
    value=st.integers(0, 10**6),
    data=st.data(),
)
def test_the_amounts_add_up(code: str, value: int, data: st.DataObject) -> None:
    rule = packed(code)
    result = compute(
        rule,
        value_minor=value,
        currency=str(rule.currency),
        decimals=2,
        on=TODAY,
        rate_bp=data.draw(st.sampled_from(rule.rates_bp)),
        borne_by=data.draw(st.sampled_from(rule.borne_by)),
        purpose=Purpose.OTHER,
        year_before_minor=0,
    )
    if result.borne_by is BorneBy.SPONSOR:
        assert result.paid_out_minor == result.net_minor == value
        assert result.remitted_minor == result.levied_minor
        assert result.declared_minor == 0
    else:
        borne = result.withheld_minor + result.declared_minor
        assert result.gross_minor == result.net_minor + borne == result.paid_out_minor + result.withheld_minor
        assert result.sponsor_cost_minor == result.gross_minor
    assert result.sponsor_cost_minor == result.paid_out_minor + result.remitted_minor
    assert min(result.tax_minor, result.net_minor, result.paid_out_minor, result.remitted_minor) >= 0
    assert result.base_minor % rule.base_round.step_minor == 0
    assert result.tax_minor % rule.tax_round.step_minor == 0


@pytest.mark.parametrize(
    ("currency", "decimals", "limit", "value", "expected"),
    [("JPY", 0, "200000", 200_001, 22_222), ("KWD", 3, "200.000", 200_001, 22_222), ("KWD", 3, "200", 200_000, 0)],
)
def test_currencies_with_other_decimals(currency: str, decimals: int, limit: str, value: int, expected: int) -> None:
    rule = own_rule(currency=currency, decimals=decimals, exemption={"limit": limit, "mode": "cliff"})
    result = compute(rule, value_minor=value, currency=currency, decimals=decimals, on=TODAY)
    assert result.compensation_minor == expected
    assert result.steps[0].text.endswith(f"{Decimal(value).scaleb(-decimals):.{decimals}f} {currency}")


@given(numerator=st.integers(0, 10**15), denominator=st.integers(1, 10**6), step=st.integers(1, 10**4))
def test_rounding_is_exact(numerator: int, denominator: int, step: int) -> None:
    modes = {"half_up": "ROUND_HALF_UP", "half_even": "ROUND_HALF_EVEN", "down": "ROUND_DOWN", "up": "ROUND_UP"}
    rounded = {mode: Rounding(step_minor=step, mode=RoundingMode(mode)).apply(numerator, denominator) for mode in modes}
    lower = numerator // (denominator * step) * step
    assert rounded["down"] == lower
    assert rounded["up"] == lower + (step if numerator != lower * denominator else 0)
    doubled = 2 * (numerator - lower * denominator) - step * denominator  # above, at or below the middle
    assert rounded["half_up"] == lower + (step if doubled >= 0 else 0)
    even = lower if lower // step % 2 == 0 else lower + step
    assert rounded["half_even"] == (even if doubled == 0 else lower + (step if doubled > 0 else 0))


# The trace


def test_every_figure_can_be_stored_and_read_aloud() -> None:
    result = computed("PL-PREMIUM-SALE", "2499.49")
    stored = json.loads(json.dumps(result.as_json()))
    assert stored["compensation_minor"] == 27_800
    assert stored["rule_sha256"] == packed("PL-PREMIUM-SALE").sha256
    assert [step["text"] for step in stored["steps"]] == [
        "Reward, face: 2499.49 PLN",
        "2777.49 exceeds the exempt 2000.00 (single reward): all of it is taxed",
        "Compensation T: the smallest T that equals the levy on 2499.49 + T. Tried from 0 upwards: 0.00, 250.00, "
        "275.00, 277.00, 278.00; the last repeats itself",
        "Base: 2777.49, rounded half up to 1.00: 2777.00",
        "Tax: 2777.00 x 10 % = 277.70, rounded half up to 1.00: 278.00",
    ]


def no_floats(value: object) -> bool:
    if isinstance(value, dict):
        return all(no_floats(one) for one in value.values())
    if isinstance(value, list | tuple):
        return all(no_floats(one) for one in value)
    return not isinstance(value, float)


@pytest.mark.parametrize("code", ["PL-PREMIUM-SALE", "DE-37B", "FR-L242-1-4", "UK-TAS", "US-1099", "ES-PRIZE-KIND"])
def test_no_figure_is_a_float_and_the_last_step_leads_to_the_levy(code: str) -> None:
    rate = packed(code).rates_bp[-1]
    result = computed(code, "3123.45", purpose=Purpose.OTHER, year_before_minor=0, rate_bp=rate)
    assert no_floats(result.as_json())
    written = {step.code: step.result_minor for step in result.steps}
    if result.tax_minor:
        assert (written["base"], written["tax"]) == (result.base_minor, result.tax_minor)


@settings(max_examples=50)
@given(value=st.integers(0, 10**6), s=st.integers(0, 3000))
def test_surcharges_that_follow_the_tax_are_compensated_too(value: int, s: int) -> None:
    rule = own_rule(
        surcharges=[{"name": "extra", "rate_bp": s, "of": "tax", "rounding": {"to": "0.01", "mode": "down"}}]
    )
    result = compute(rule, value_minor=value, currency="PLN", decimals=2, on=TODAY)
    assert result.compensation_minor == result.levied_minor
    assert result.net_minor == value


def test_a_surcharge_of_the_sponsor_is_its_own_cost_and_not_compensated() -> None:
    levy = {"name": "insurance", "rate_bp": 1500, "of": "gross", "paid_by": "sponsor"}
    result = compute(
        own_rule(surcharges=[levy], withholding=True), value_minor=90_000, currency="PLN", decimals=2, on=TODAY
    )
    assert (result.compensation_minor, result.withheld_minor, result.paid_out_minor) == (10_000, 10_000, 90_000)
    assert (result.levied_minor, result.remitted_minor, result.sponsor_cost_minor) == (25_000, 25_000, 115_000)
