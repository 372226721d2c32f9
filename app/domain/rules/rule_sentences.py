"""A rule in words: what it gives, for what, when, and how much at most, as a person would say it.

The sentence is made from the definition alone, so it cannot say anything else than what the engine does.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.domain.program_file.definition import (
    AmountBands,
    EarningRule,
    EventRule,
    LineCountBands,
    Matrix,
    Multiplier,
    PerAmount,
    PerDocument,
    PerLine,
    PerUnit,
    RuleBase,
)
from app.domain.program_file.scope import Range, Scope
from app.domain.saying.wording import Say, marked, stopped_once
from app.domain.states import Event

_ = marked

EVENT_WORDS: Mapping[Event, str] = {
    Event.REGISTRATION: _("registration"),
    Event.BIRTHDAY: _("birthday"),
    Event.ANNIVERSARY: _("anniversary of enrolment"),
    Event.TIER_REACHED: _("reaching a tier"),
    Event.SURVEY: _("answering a survey"),
    Event.TRAINING: _("completing a training"),
    Event.REVIEW: _("writing a review"),
    Event.REFERRAL: _("bringing a new distributor"),
    Event.CUSTOM: _("an event of the programme’s own"),
}

_WEEKDAYS: Mapping[str, str] = {
    "mon": _("Mondays"),
    "tue": _("Tuesdays"),
    "wed": _("Wednesdays"),
    "thu": _("Thursdays"),
    "fri": _("Fridays"),
    "sat": _("Saturdays"),
    "sun": _("Sundays"),
}

_SPANS: Mapping[str, str] = {
    "day": _("at most %(amount)s a day for each distributor"),
    "month": _("at most %(amount)s a month for each distributor"),
    "quarter": _("at most %(amount)s a quarter for each distributor"),
    "year": _("at most %(amount)s a year for each distributor"),
    "program": _("at most %(amount)s in the whole programme for each distributor"),
}


@dataclass(frozen=True)
class Voice:
    """How whoever reads says things.

    ``say`` gives a text in their language; ``points``, ``money``, ``figure`` and ``day`` write a value; ``name`` calls
    what a code stands for, told its kind as the scope names it.
    """

    say: Say
    points: Callable[[Decimal], str]
    money: Callable[[Decimal], str]
    figure: Callable[[Decimal], str]
    day: Callable[[dt.date], str]
    name: Callable[[str, str], str]

    def any_of(self, words: Sequence[str]) -> str:
        """Join what any of which will do."""
        if len(words) == 1:
            return words[0]
        said = {"first": ", ".join(words[:-1]), "last": words[-1]}
        return self.say(_("%(first)s or %(last)s")) % said


def sentence(rule: EarningRule | Matrix, voice: Voice) -> str:
    """Say what a rule does: ``1 point for every full 10.00 PLN of a document’s sum; for the tier Gold.`` and so on."""
    return stopped_once("; ".join([_what(rule, voice), *conditions(rule, voice)]) + ".")


def conditions(rule: RuleBase, voice: Voice) -> list[str]:
    """Say each condition and each limit of a rule by itself."""
    return [
        *_whose(rule.scope, voice),
        *_when(rule.scope, voice),
        *_which_lines(rule.scope, voice),
        *_caps(rule, voice),
    ]


def further_conditions(scope: Scope, voice: Voice) -> list[str]:
    """Say each condition of a scope but those that name something by its code: days, hours, amounts, which lines."""
    return [*_when(scope, voice), *_which_lines(scope, voice)]


def _given(rule: RuleBase, amount: Decimal, voice: Voice) -> str:
    return voice.points(amount) if rule.unit == "points" else voice.money(amount)


def _what(rule: EarningRule | Matrix, voice: Voice) -> str:
    say = voice.say
    if isinstance(rule, Matrix):
        return _of_matrix(rule, voice)
    if isinstance(rule, Multiplier):
        factor = voice.figure(Decimal(rule.factor).scaleb(-4))
        return say(_("What a line earns otherwise, times %(factor)s")) % {"factor": factor}
    if isinstance(rule, AmountBands | LineCountBands):
        return _of_bands(rule, voice)
    points = _given(rule, rule.points, voice)
    if isinstance(rule, EventRule):
        about = voice.any_of([voice.name("about", one) for one in rule.about]) if rule.about else ""
        text = _("%(points)s for %(event)s: %(about)s") if about else _("%(points)s for %(event)s")
        return say(text) % {"points": points, "event": say(EVENT_WORDS[rule.event]), "about": about}
    if isinstance(rule, PerUnit):
        return say(_("%(points)s for every piece")) % {"points": points}
    if isinstance(rule, PerLine):
        return say(_("%(points)s for every line")) % {"points": points}
    if isinstance(rule, PerAmount):
        whole = _("%(points)s for every full %(step)s of a document’s sum")
        text = whole if rule.of == "document" else _("%(points)s for every full %(step)s of each line")
        return say(text) % {"points": points, "step": voice.money(rule.step)}
    assert isinstance(rule, PerDocument), "every kind is said above"
    if rule.least_amount:
        text = _("%(points)s once for a document of at least %(amount)s")
        return say(text) % {"points": points, "amount": voice.money(rule.least_amount)}
    return say(_("%(points)s once for a document")) % {"points": points}


def _of_bands(rule: AmountBands | LineCountBands, voice: Voice) -> str:
    steps = []
    for band in rule.bands:
        points = _given(rule, band.points, voice)
        if isinstance(rule, AmountBands):
            steps.append(
                voice.say(_("from %(from)s: %(points)s")) % {"from": voice.money(band.from_), "points": points}
            )
        else:
            said = {"from": voice.figure(band.from_), "points": points}
            steps.append(voice.say(_("from %(from)s lines: %(points)s")) % said)
    text = (
        _("Once for a document, by its sum: %(steps)s")
        if isinstance(rule, AmountBands)
        else _("Once for a document, by the number of its lines: %(steps)s")
    )
    return voice.say(text) % {"steps": ", ".join(steps)}


def _of_matrix(rule: Matrix, voice: Voice) -> str:
    rates = rule.cells or [Decimal(0)]
    said = {"least": _given(rule, min(rates), voice), "most": _given(rule, max(rates), voice)}
    if rule.kind == "per_unit":
        text = _("For every piece, by product group and distributor group: %(least)s to %(most)s")
        return voice.say(text) % said
    assert rule.step is not None, "the definition demands a step"
    said["step"] = voice.money(rule.step)
    text = _("For every full %(step)s, by product group and distributor group: %(least)s to %(most)s")
    return voice.say(text) % said


def _whose(scope: Scope, voice: Voice) -> list[str]:
    """Say what is sold, by whom and where."""
    texts = (
        ("products", _("of the product %(names)s")),
        ("product_groups", _("of the product group %(names)s")),
        ("exclude_products", _("not of the product %(names)s")),
        ("exclude_product_groups", _("not of the product group %(names)s")),
        ("distributors", _("for the distributor %(names)s")),
        ("distributor_groups", _("for the distributor group %(names)s")),
        ("tiers", _("for the tier %(names)s")),
        ("outlets", _("in the outlet %(names)s")),
        ("channels", _("by the channel %(names)s")),
    )
    found = []
    for name, text in texts:
        codes: Sequence[str] = getattr(scope, name)
        if codes:
            names = voice.any_of([voice.name(name, code) for code in codes])
            found.append(voice.say(text) % {"names": names})
    return found


def _when(scope: Scope, voice: Voice) -> list[str]:
    """Say on which days, and at which hours."""
    say, found = voice.say, []
    if scope.from_ is not None and scope.until is not None:
        days = {"from": voice.day(scope.from_), "until": voice.day(scope.until)}
        found.append(say(_("from %(from)s until %(until)s")) % days)
    elif scope.from_ is not None:
        found.append(say(_("from %(from)s")) % {"from": voice.day(scope.from_)})
    elif scope.until is not None:
        found.append(say(_("until %(until)s")) % {"until": voice.day(scope.until)})
    if scope.weekdays:
        found.append(say(_("on %(days)s")) % {"days": voice.any_of([say(_WEEKDAYS[one]) for one in scope.weekdays])})
    if scope.days:
        found.append(say(_("on the days of %(names)s")) % {"names": voice.any_of(list(scope.days))})
    if scope.hours is not None:
        hours = {"from": scope.hours.from_, "until": scope.hours.until}
        found.append(say(_("between %(from)s and %(until)s")) % hours)
    return found


def _which_lines(scope: Scope, voice: Voice) -> list[str]:
    """Say which lines are asked for, and which purchases."""
    say, found = voice.say, []
    for range_, write, least, most in (
        (scope.line_amount, voice.money, _("lines of at least %(value)s"), _("lines of at most %(value)s")),
        (scope.quantity, voice.figure, _("at least %(value)s pieces"), _("at most %(value)s pieces")),
        (scope.unit_price, voice.money, _("a price of at least %(value)s"), _("a price of at most %(value)s")),
    ):
        found += _limits(range_, write, say, least, most)
    if scope.document_kinds and "invoice" not in scope.document_kinds:
        found.append(say(_("on credit notes, which earn nothing")))
    if scope.first_purchase:
        found.append(say(_("on a distributor’s first purchase only")))
    if scope.without_discounted:
        found.append(say(_("not on discounted lines")))
    return found


def _limits(range_: Range | None, write: Callable[[Decimal], str], say: Say, least: str, most: str) -> list[str]:
    if range_ is None:
        return []
    found = [] if range_.least is None else [say(least) % {"value": write(range_.least)}]
    return found if range_.most is None else [*found, say(most) % {"value": write(range_.most)}]


def _caps(rule: RuleBase, voice: Voice) -> list[str]:
    """Say how much it gives at most."""
    caps, say = rule.caps, voice.say
    if caps is None:
        return []
    found = []
    if caps.per_document is not None:
        amount = _given(rule, caps.per_document, voice)
        found.append(say(_("at most %(amount)s for a document")) % {"amount": amount})
    for span, text in _SPANS.items():
        most = getattr(caps.per_distributor, span) if caps.per_distributor is not None else None
        if most is not None:
            found.append(say(text) % {"amount": _given(rule, most, voice)})
    if caps.budget is not None:
        amount = _given(rule, caps.budget, voice)
        found.append(say(_("at most %(amount)s for all together")) % {"amount": amount})
    return found
