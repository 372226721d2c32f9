"""A promotion made ready to run: its scopes compiled as those of rules are, its terms in integers."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from app.domain.documents.catalogue import Catalogue, GroupTree
from app.domain.measures.exact import Ints
from app.domain.measures.scale import AmountUnfit, Scale
from app.domain.program_file.definition import PerLine
from app.domain.program_file.promotion_definition import Metric, Promotion
from app.domain.program_file.scope import Scope
from app.domain.promoting.promotions import GateTerms, GrowthTerms, Prizes, Steps, Terms
from app.domain.rules.rule_compiling import compile_rules
from app.domain.rules.rulebook import RuleBook, RuleVersion
from app.domain.states import Unit
from app.domain.typed.codes import code_key


@dataclass(frozen=True)
class CompiledPromotion:
    """A promotion ready to run.

    ``book`` has a rule a measure, in their order: what the promotion counts, its gates, its base period. Its rules earn
    nothing; they say which lines are looked at. ``by_product`` names the measures that count products.
    """

    definition: Promotion
    book: RuleBook
    terms: Terms
    group_targets: Mapping[str, int]
    own_targets: Mapping[str, int]
    by_product: frozenset[int]

    @property
    def measures(self) -> int:
        """Count the measures."""
        return len(self.book.rules)

    @property
    def needs_points(self) -> bool:
        """Whether the points that lines earned are asked for."""
        terms = self.terms
        counted = terms.metric == "points" or any(gate.metric == "points" for gate in terms.gates)
        return counted or bool((terms.steps.percent_bp > 0).any())

    def group_target_of(self, tree: GroupTree) -> Ints:
        """Give the target of each group by position: its own, or that of the nearest one above it; 0: none."""
        return by_nearest(tree, self.group_targets)


def by_nearest(tree: GroupTree, said: Mapping[str, int]) -> Ints:
    """Give what is said of each group by position, or of the nearest one above it; 0: of none."""
    marks: dict[int, int] = {}
    for code, value in said.items():
        for at in tree.find([code]):
            marks.setdefault(at, value)
    found = [next((marks[one] for one in tree.path(at) if one in marks), 0) for at in range(len(tree.code))]
    return np.asarray([*found, 0], dtype=np.int64)  # the last for those without a group, at -1


def amount_of(scale: Scale, metric: Metric, written: Decimal) -> int:
    """Turn an amount in a metric into what is counted: minor units, thousandths, the smallest part of a point, ones.

    Raises:
        AmountUnfit: It has more decimals than that.
    """
    if metric == "net_amount":
        return scale.money(written)
    if metric == "points":
        return scale.amount(Unit.POINTS, written)
    counted = written.scaleb(3) if metric == "quantity" else written
    if counted != counted.to_integral_value():
        few = "more than 3 decimals" if metric == "quantity" else "decimals, and is counted in ones"
        raise AmountUnfit(written, f"has {few}")
    return int(counted)


def compile_promotion(
    promotion: Promotion,
    catalogue: Catalogue,
    scale: Scale,
    named_days: Mapping[str, Sequence[dt.date]],
    starts_on: dt.date,
    ends_on: dt.date | None,
) -> CompiledPromotion:
    """Make a promotion ready to run.

    Raises:
        AmountUnfit: An amount has more decimals than the programme.
    """
    window = {"from_": promotion.from_, "until": promotion.until}
    scopes = [_within(promotion.scope, **window), *(_within(gate.scope, **window) for gate in promotion.gates)]
    growth = promotion.target.growth if promotion.target is not None else None
    if growth is not None:
        always = promotion.scope.model_copy(update={"from_": None, "until": None})
        scopes.append(_within(always, growth.from_, growth.until))
    versions = [RuleVersion(at, at, 1, None, _looking_at(one, f"{at:04}")) for at, one in enumerate(scopes)]
    book = compile_rules(
        versions, catalogue, scale=scale, stacks={}, named_days=named_days, starts_on=starts_on, ends_on=ends_on
    )
    metrics = [promotion.metric, *(gate.metric for gate in promotion.gates)]
    if growth is not None:
        metrics.append(promotion.metric)
    target = promotion.target
    return CompiledPromotion(
        definition=promotion,
        book=book,
        terms=terms_of(promotion, scale),
        group_targets=_targets(scale, promotion.metric, target.groups if target is not None else {}),
        own_targets=_targets(scale, promotion.metric, target.distributors if target is not None else {}),
        by_product=frozenset(at for at, metric in enumerate(metrics) if metric == "products"),
    )


def terms_of(promotion: Promotion, scale: Scale) -> Terms:
    """Write a promotion's terms in integers.

    Raises:
        AmountUnfit: An amount has more decimals than the programme.
    """
    target, rewards = promotion.target, [step.reward for step in promotion.steps]
    growth = target.growth if target is not None else None
    default = target.default if target is not None else None
    return Terms(
        metric=promotion.metric,
        steps=Steps(
            reach_bp=_column([step.reach for step in promotion.steps]),
            points=_column([scale.amount(Unit.POINTS, one.points) if one.points else 0 for one in rewards]),
            percent_bp=_column([one.percent_bp or 0 for one in rewards]),
            unit_micro=_column([scale.rate_micro(Unit.POINTS, one.per_unit) if one.per_unit else 0 for one in rewards]),
            gift=[one.reward for one in rewards],
        ),
        each=promotion.pays == "each",
        at_end=promotion.when == "at_end",
        gates=tuple(
            GateTerms(at + 1, gate.metric, amount_of(scale, gate.metric, gate.least))
            for at, gate in enumerate(promotion.gates)
        ),
        growth=None
        if growth is None
        else GrowthTerms(
            len(promotion.gates) + 1,
            growth.growth_bp,
            0 if growth.least is None else amount_of(scale, promotion.metric, growth.least),
        ),
        default_target=0 if default is None else amount_of(scale, promotion.metric, default),
        prizes=_prizes(promotion, scale),
        budget=None if promotion.budget is None else scale.amount(Unit.POINTS, promotion.budget),
    )


def _prizes(promotion: Promotion, scale: Scale) -> Prizes | None:
    ranking = promotion.ranking
    if ranking is None:
        return None
    return Prizes(
        by_share=ranking.by == "share",
        least=0 if ranking.least is None else amount_of(scale, promotion.metric, ranking.least),
        first=_column([prize.from_ for prize in ranking.prizes]),
        last=_column([prize.to for prize in ranking.prizes]),
        points=_column([scale.amount(Unit.POINTS, prize.points) for prize in ranking.prizes]),
    )


def _targets(scale: Scale, metric: Metric, said: Mapping[str, Decimal]) -> Mapping[str, int]:
    return {code_key(code): amount_of(scale, metric, value) for code, value in said.items()}


def _within(scope: Scope, from_: dt.date, until: dt.date) -> Scope:
    """Narrow a scope to days. One that has none of them looks at nothing: it ends before it begins."""
    first = from_ if scope.from_ is None else max(scope.from_, from_)
    last = until if scope.until is None else min(scope.until, until)
    return scope.model_copy(update={"from_": first, "until": last})


def _looking_at(scope: Scope, code: str) -> PerLine:
    """Make a rule of a scope. Its days may have been narrowed to none, which no scope that is read may say."""
    return PerLine.model_construct(code=code, name=code, kind="per_line", points=Decimal(1), scope=scope)


def _column(values: Sequence[int]) -> Ints:
    return np.asarray(values, dtype=np.int64)
