"""What a promotion says, every term of it in the reader's words; and what a draft would change of that.

Whoever publishes a promotion reads here what is published, so nothing of a definition is left out: a test holds each of
its parts to a term.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.domain.program_file.promotion_definition import Gate, Prize, Promotion, Ranking, Step, Target
from app.domain.program_file.scope import Scope
from app.domain.rules.rule_sentences import further_conditions
from app.web import formats
from app.web.admin.rules.speaking import voice_of
from app.web.words.named import called, names_of
from app.web.words.promotions import METRIC, NAMES, PARTICIPANTS, PAYS, RANKED_BY, WHEN, aimed, given

_NAMED: Sequence[tuple[str, Any]] = (
    ("product_groups", _("Product groups")),
    ("products", _("Products")),
    ("exclude_product_groups", _("Not these product groups")),
    ("exclude_products", _("Not these products")),
    ("distributor_groups", _("Distributor groups")),
    ("distributors", _("Distributors")),
    ("tiers", _("Tiers")),
    ("outlets", _("Outlets")),
    ("channels", _("Channels")),
)
"""What a scope names by codes."""


@dataclass(frozen=True)
class Term:
    """A term of a promotion: what it is called, what it says, and ``key``, by which two versions are compared."""

    key: str
    name: str
    says: str


@dataclass(frozen=True)
class Told:
    """A promotion in words: what it is, its targets, its steps, what must be sold as well, and its prizes."""

    whole: Sequence[Term]
    targets: Sequence[Term]
    steps: Sequence[Term]
    gates: Sequence[Term]
    prizes: Sequence[Term]

    @property
    def all(self) -> Sequence[Term]:
        """Give every term, in the order in which they are read."""
        return [*self.whole, *self.targets, *self.steps, *self.gates, *self.prizes]


@dataclass(frozen=True)
class Changed:
    """A term that a draft changes: what it is called, what it says now and then. None: it is not there."""

    name: str
    now: str | None
    then: str | None


def told(definition: Promotion) -> Told:
    """Tell everything that a promotion says."""
    return Told(
        whole=list(_whole(definition)),
        targets=list(_targets(definition)),
        steps=[_step(one) for one in definition.steps],
        gates=[_gate(at, one) for at, one in enumerate(definition.gates)],
        prizes=list(_prizes(definition)),
    )


def differences(now: Promotion, then: Promotion) -> list[Changed]:
    """Tell what is different, term by term, in the order in which they are read; what is gone comes where it stood."""
    before, after = ({term.key: term for term in told(one).all} for one in (now, then))
    keys = list(after)
    for at, key in enumerate(before):
        if key not in after:
            keys.insert(at, key)
    found = []
    for key in keys:
        was, becomes = before.get(key), after.get(key)
        named = becomes or was
        assert named is not None, "a key is of one of them"
        if was is None or becomes is None or was.says != becomes.says:
            found.append(Changed(named.name, was.says if was else None, becomes.says if becomes else None))
    return found


def _whole(definition: Promotion) -> Iterator[Term]:
    yield Term("code", gettext("Code"), definition.code)
    yield Term("name", gettext("Name"), definition.name)
    if definition.description:
        yield Term("description", gettext("What its participants read"), definition.description)
    days = {"first": formats.day(definition.from_), "last": formats.day(definition.until)}
    yield Term("days", gettext("Days"), gettext("%(first)s to %(last)s", **days))
    closes = formats.day(definition.closes_on) if definition.closes_on else gettext("no: a person closes it")
    yield Term("closes_on", gettext("Closes by itself"), closes)
    yield Term("participants", gettext("For"), str(PARTICIPANTS[definition.participants]))
    yield Term("metric", gettext("Counts"), str(METRIC[definition.metric]))
    yield from _scope(definition.scope)
    if definition.steps:
        yield Term("pays", gettext("Pays"), str(PAYS[definition.pays]))
        yield Term("when", gettext("When"), str(WHEN[definition.when]))
    budget = gettext("no limit") if definition.budget is None else formats.points_in_words(definition.budget)
    yield Term("budget", gettext("Budget"), budget)
    if definition.ranking is not None:
        yield from _ranking(definition, definition.ranking)


def _scope(scope: Scope) -> Iterator[Term]:
    """Say which sales count: what is named by codes, each by itself, and the rest in phrases."""
    for name, label in _NAMED:
        if codes := getattr(scope, name):
            yield Term(f"scope.{name}", str(label), _called(name, codes))
    if rest := _phrases(scope):
        yield Term("scope", gettext("Only sales"), "; ".join(rest))


def _phrases(scope: Scope) -> list[str]:
    rest = further_conditions(scope, voice_of([]))
    if scope.document_kinds:
        kinds = {"invoice": gettext("Invoices"), "credit_note": gettext("Credit notes")}
        rest.append(", ".join(kinds[one] for one in scope.document_kinds))
    return rest


def _called(name: str, codes: Iterable[str]) -> str:
    return called(name.removeprefix("exclude_"), codes)


def _ranking(definition: Promotion, ranking: Ranking) -> Iterator[Term]:
    yield Term("ranking.by", gettext("Ranked by"), str(RANKED_BY[ranking.by]))
    if ranking.least is not None:
        yield Term("ranking.least", gettext("A place takes at least"), aimed(definition.metric, ranking.least))
    yield Term("ranking.names", gettext("Participants see of the others"), str(NAMES[ranking.names]))


def _targets(definition: Promotion) -> Iterator[Term]:
    """Say the targets: whoever has one of their own has that, then growth, then their group's, then everybody's."""
    target = definition.target
    if target is None:
        return
    if target.growth is not None:
        yield from _growth(definition, target)
    for of, values in (("distributors", target.distributors), ("distributor_groups", target.groups)):
        names = names_of(of, values)
        for code, value in values.items():
            name = gettext("Target of %(name)s", name=names.get(code, code))
            yield Term(f"target.{of}.{code}", name, aimed(definition.metric, value))
    if target.default is not None:
        several = target.growth or target.groups or target.distributors
        name = gettext("Target of all others") if several else gettext("Target of everybody")
        yield Term("target.default", name, aimed(definition.metric, target.default))


def _growth(definition: Promotion, target: Target) -> Iterator[Term]:
    growth = target.growth
    assert growth is not None, "asked only where there is one"
    said = {
        "share": formats.share(abs(growth.growth_bp)),
        "first": formats.day(growth.from_),
        "last": formats.day(growth.until),
    }
    text = gettext("%(share)s more than from %(first)s to %(last)s", **said)
    if growth.growth_bp < 0:
        text = gettext("%(share)s less than from %(first)s to %(last)s", **said)
    yield Term("target.growth", gettext("Target by growth"), text)
    if growth.least is not None:
        yield Term("target.growth.least", gettext("Target by growth, at least"), aimed(definition.metric, growth.least))


def _step(step: Step) -> Term:
    name = gettext("From %(share)s of the target", share=formats.share(step.reach))
    return Term(f"steps.{step.reach}", name, given(step.reward))


def _gate(at: int, gate: Gate) -> Term:
    named = [f"{label}: {_called(name, codes)}" for name, label in _NAMED if (codes := getattr(gate.scope, name))]
    least = gettext("at least %(amount)s", amount=aimed(gate.metric, gate.least))
    metric = f"{METRIC[gate.metric]}: {least}"
    says = "; ".join([gate.name, metric, *named, *_phrases(gate.scope)])
    return Term(f"gates.{at}", gettext("Only if"), says)


def _prizes(definition: Promotion) -> Iterator[Term]:
    for prize in sorted(definition.ranking.prizes, key=_first) if definition.ranking is not None else ():
        places = {"first": formats.figure(prize.from_), "last": formats.figure(prize.to)}
        name = gettext("Places %(first)s to %(last)s", **places)
        if prize.from_ == prize.to:
            name = gettext("Place %(first)s", **places)
        points = formats.points_in_words(prize.points)
        says = points if prize.from_ == prize.to else gettext("%(points)s each", points=points)
        yield Term(f"prizes.{prize.from_}-{prize.to}", name, says)


def _first(prize: Prize) -> int:
    return prize.from_
