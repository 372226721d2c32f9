"""A scenario in words and figures: the same for its page, for several side by side, and for its workbook."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from flask_babel import gettext as _
from flask_babel import pgettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.first import First
from app.domain.rules.forecast import Forecast
from app.domain.states import SumOf, Unit
from app.exports.files import Written
from app.exports.tables import Column, Kind, Layout
from app.exports.workbook import Sheet, write_workbook
from app.models.catalogue import Product
from app.models.distributors import Distributor
from app.models.programs import Program
from app.models.rules import EarningRule, EarningRuleVersion
from app.models.scenarios import Scenario, ScenarioSum
from app.services.scenarios import forecasting, results
from app.services.scenarios.keeping import MEASURED
from app.services.scenarios.results import Pair, PromotionRow, Row, Throughout, TierRow, Total

_ALL_PAIRS = 100_000
"""More than there are rules to make pairs of, and fewer than a sheet has rows."""

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Told:
    """A scenario that was replayed, with everything that its page says."""

    scenario: Scenario
    total: Total
    rules: Sequence[Row]
    months: Sequence[Row]
    product_groups: Sequence[Row]
    distributor_groups: Sequence[Row]
    pairs: First[Pair]
    promotions: Sequence[PromotionRow]
    tiers: Sequence[TierRow]
    forecast: Forecast | None
    throughout: Sequence[Throughout]

    @property
    def begins(self) -> dict[str, dt.date]:
        """Give the day from which rules hold, by name, that are reckoned as if they had held all the period."""
        return {one.name: one.valid_from for one in self.throughout}

    @property
    def year(self) -> tuple[int | None, int | None]:
        """Give the range of a year to come; None where nothing is foretold."""
        found = self.forecast.total if self.forecast is not None else None
        return (None, None) if found is None else (found.low, found.high)

    def rule(self, name: str) -> Row | None:
        """Find a rule by its name."""
        return next((row for row in self.rules if row.name == name), None)

    def promotion(self, name: str) -> PromotionRow | None:
        """Find a promotion by its name."""
        return next((row for row in self.promotions if row.name == name), None)

    def tier(self, name: str) -> TierRow | None:
        """Find a tier by its name."""
        return next((row for row in self.tiers if row.name == name), None)

    def group(self, name: str) -> Row | None:
        """Find a product group by its name."""
        return next((row for row in self.product_groups if row.name == name), None)


def told(session: Session, program: Program, scenario: Scenario, *, most_pairs: int = 20) -> Told:
    """Read everything that the page of a scenario says; of the pairs of rules those of the most lines."""
    names = results.names_of(scenario, _published(session, program.id))
    return Told(
        scenario=scenario,
        total=results.total(session, program, scenario),
        rules=results.rules(session, scenario, names),
        months=results.months(session, scenario),
        product_groups=results.product_groups(session, scenario),
        distributor_groups=results.distributor_groups(session, scenario),
        pairs=results.pairs(session, scenario, names, most_pairs),
        promotions=results.promotions(session, program, scenario),
        tiers=results.tiers(session, scenario),
        forecast=forecasting.read(scenario.forecast),
        throughout=results.throughout(scenario),
    )


def _published(session: Session, program_id: int) -> dict[str, str]:
    rows = session.execute(
        select(EarningRule.code, EarningRuleVersion.definition["name"].astext)
        .join(EarningRuleVersion, EarningRuleVersion.rule_id == EarningRule.id)
        .where(EarningRule.program_id == program_id)
        .order_by(EarningRuleVersion.version)
    )
    return dict(rows.all())


def write(session: Session, program: Program, scenario: Scenario, path: Path) -> Written:
    """Write a scenario as a workbook: a sheet for rules, groups, months, distributors, products, and the forecast."""
    found = told(session, program, scenario, most_pairs=_ALL_PAIRS)
    sheets = [
        _sheet(program, _("Rules"), _("Rule"), [row for row in found.rules if row.unit is Unit.POINTS]),
        _sheet(program, _("Product groups"), _("Group"), found.product_groups),
        _sheet(program, _("Distributor groups"), _("Group"), found.distributor_groups),
        _sheet(program, _("Distributors"), _("Distributor"), _named(session, scenario, SumOf.DISTRIBUTOR)),
        _sheet(program, _("Products"), _("Product"), _named(session, scenario, SumOf.PRODUCT)),
        _pairs(program, found.pairs),
        *_promotions(session, program, scenario, found.promotions),
    ]
    if found.throughout:
        sheets.append(_throughout(found.throughout))
    if found.tiers:
        sheets.append(_tiers(found.tiers))
    if found.forecast is not None:
        sheets.append(_forecast(program, found.forecast))
    return write_workbook(path, sheets)


def _named(session: Session, scenario: Scenario, about: SumOf) -> list[Row]:
    thing = Distributor if about is SumOf.DISTRIBUTOR else Product
    rows = session.execute(
        select(
            thing.name,
            *MEASURED,
        )
        .join(ScenarioSum, ScenarioSum.key == thing.id)
        .where(results.about(scenario.id, about))
        .order_by(thing.sort_key, thing.id)
    )
    return [Row(name, Unit.POINTS, *measured) for name, *measured in rows]


def _sheet(program: Program, title: str, what: str, rows: Sequence[Row]) -> Sheet:
    points, money = program.point_decimals, program.currency_decimals
    layout = Layout(
        (
            Column("name", what),
            Column("drafted", _("Would give"), Kind.POINTS, points),
            Column("given", _("Gave"), Kind.POINTS, points),
            Column("change", _("Change"), Kind.POINTS, points),
            Column("lines", _("Lines"), Kind.INTEGER),
            Column("net_minor", _("Net amount"), Kind.MONEY, money),
            Column("unpaid_lines", _("Lines without points"), Kind.INTEGER),
            Column("unpaid_minor", _("Amount without points"), Kind.MONEY, money),
        ),
        totals=("drafted", "given", "change"),
        total_label=_("Total"),
    )
    return Sheet(title, layout, {one.key: [getattr(row, one.key) for row in rows] for one in layout.columns})


def _pairs(program: Program, pairs: Sequence[Pair]) -> Sheet:
    layout = Layout(
        (
            Column("one", _("Rule")),
            Column("other", _("And rule")),
            Column("lines", _("Lines"), Kind.INTEGER),
            Column("net_minor", _("Net amount"), Kind.MONEY, program.currency_decimals),
            Column("drafted", _("Both give"), Kind.POINTS, program.point_decimals),
        )
    )
    mine = [pair for pair in pairs if pair.unit is Unit.POINTS]
    return Sheet(_("Paid twice"), layout, {one.key: [getattr(row, one.key) for row in mine] for one in layout.columns})


def _promotions(
    session: Session, program: Program, scenario: Scenario, promotions: Sequence[PromotionRow]
) -> Iterator[Sheet]:
    """Write what promotions would pay and paid: each as a whole, and to each distributor."""
    if not promotions:
        return
    points, money = program.point_decimals, program.currency_decimals
    measured = (
        Column("drafted", _("Would give"), Kind.POINTS, points),
        Column("given", _("Gave"), Kind.POINTS, points),
        Column("change", _("Change"), Kind.POINTS, points),
    )
    layout = Layout(
        (
            Column("name", _("Promotion")),
            *measured,
            Column("drafted_cost", _("Would cost"), Kind.MONEY, money),
            Column("given_cost", pgettext("points", "Cost"), Kind.MONEY, money),
            Column("rewarded", _("Rewarded"), Kind.INTEGER),
            Column("participants", _("Participants"), Kind.INTEGER),
        ),
        totals=("drafted", "given", "change", "drafted_cost", "given_cost"),
        total_label=_("Total"),
    )
    columns = {one.key: [getattr(row, one.key) for row in promotions] for one in layout.columns}
    yield Sheet(_("Promotions"), layout, columns)
    rows = session.execute(
        select(Distributor.name, ScenarioSum.other, ScenarioSum.drafted, ScenarioSum.given)
        .join(ScenarioSum, ScenarioSum.key == Distributor.id)
        .where(results.about(scenario.id, SumOf.PROMOTED))
        .order_by(Distributor.sort_key, Distributor.id, ScenarioSum.other)
    ).all()
    of_each: dict[str, list[object]] = {
        "name": [row[0] for row in rows],
        "promotion": [promotions[row[1]].name for row in rows],
        "drafted": [row[2] for row in rows],
        "given": [row[3] for row in rows],
        "change": [row[2] - row[3] for row in rows],
    }
    names = (Column("name", _("Distributor")), Column("promotion", _("Promotion")))
    yield Sheet(_("Promotions by distributor"), Layout((*names, *measured)), of_each)


def _throughout(rules: Sequence[Throughout]) -> Sheet:
    """Write which rules are reckoned as if they had held all the period, and from when on they hold."""
    layout = Layout((Column("name", _("Rule")), Column("valid_from", _("Holds from"), Kind.DATE)))
    title = _("As if held all the period")
    return Sheet(title, layout, {one.key: [getattr(row, one.key) for row in rules] for one in layout.columns})


def _tiers(tiers: Sequence[TierRow]) -> Sheet:
    layout = Layout(
        (
            Column("name", _("Tier")),
            Column("drafted", _("Would be in it"), Kind.INTEGER),
            Column("given", _("Are in it"), Kind.INTEGER),
        )
    )
    return Sheet(_("Tiers"), layout, {one.key: [getattr(row, one.key) for row in tiers] for one in layout.columns})


def _forecast(program: Program, found: Forecast) -> Sheet:
    points = program.point_decimals
    layout = Layout(
        (
            Column("month", _("Month"), Kind.DATE),
            *(
                Column(f"{part}_{name}", f"{title}, {word}", Kind.POINTS, points)
                for part, title in (("issued", _("Issued")), ("owed", _("Owed")))
                for name, word in (("low", _("low")), ("middle", _("middle")), ("high", _("high")))
            ),
        )
    )
    months = [found.first_month + at for at in range(len(found.issued))]
    columns: dict[str, list[object]] = {"month": [dt.date(1970 + one // 12, one % 12 + 1, 1) for one in months]}
    for part, ranges in (("issued", found.issued), ("owed", found.owed)):
        for name in ("low", "middle", "high"):
            columns[f"{part}_{name}"] = [getattr(one, name) for one in ranges]
    return Sheet(_("Forecast"), layout, columns)
