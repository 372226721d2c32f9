"""What is wrong with a promotion beyond a field of its own: its parts beside one another, and beside the programme."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from app.domain.states import PromotionState
from app.domain.typed.codes import code_key
from app.models.promotions import Promotion
from app.services.promotions import reading, standings
from app.web import formats
from app.web.admin.promotions.form import PrizeForm, PromotionForm
from app.web.context import scope, session
from app.web.words.named import no_codes, no_groups, typed


def judge(form: PromotionForm, said: Mapping[str, Any], promotion: Promotion | None) -> None:
    """Say beside the field that it is about what no field alone can see.

    ``said`` is what the form means, ``promotion`` the one that is changed. All is told at once, besides what the form
    has said by now.
    """
    for check in (_judge_days, _judge_steps, _judge_prizes, _judge_codes):
        check(form)
    if not any(part.form.begun() for part in (*form.steps, *form.prizes)):
        form.refuse("steps", _("Give one step at least, or a prize for a place."))
    ranking = said["ranking"] or {}
    if ranking.get("by") == "share" and said["target"] is None:
        form.refuse("default_target", _("Places go by the share of the target: give one."))
    _judge_known(form, promotion)


def _judge_days(form: PromotionForm) -> None:
    first, last, closes, base = (form[name].data for name in ("from_", "until", "closes_on", "growth_until"))
    if closes is not None and last is not None and closes <= last:
        form.refuse("closes_on", _("Choose a day after the last day of the sales, %(day)s.", day=formats.day(last)))
    if base is not None and first is not None and base >= first:
        words = _("Choose a day before the first day of the sales, %(day)s.", day=formats.day(first))
        form.refuse("growth_until", words)


def _judge_steps(form: PromotionForm) -> None:
    before = None
    for entry in form.steps:
        reach = entry.form.reach
        if reach.data is None:
            continue
        if before is not None and reach.data <= before:
            entry.form.lacks("reach", _("Steps rise: this begins no higher than the one before."))
        before = reach.data


def _judge_prizes(form: PromotionForm) -> None:
    taken = 0
    begun = (entry.form for entry in form.prizes if entry.form.first.data is not None)
    for prize in sorted(begun, key=_first_place):
        first = prize.first.data
        if first <= taken:
            prize.lacks("first", _("Place %(place)s has another prize already.", place=formats.figure(first)))
        taken = max(taken, first, prize.last.data or first)


def _first_place(prize: PrizeForm) -> int:
    return int(prize.first.data)


def _judge_codes(form: PromotionForm) -> None:
    fields = [form.product_groups, form.products, form.distributor_groups]
    for field in (*fields, *(entry.form.product_groups for entry in form.gates)):
        _lay(field, no_codes(typed(field.data)))
    _lay(form.distributor_groups, no_groups(typed(form.distributor_groups.data)))


def _lay(field: Any, problems: list[str]) -> None:
    field.errors = [*field.errors, *problems]


def _judge_known(form: PromotionForm, promotion: Promotion | None) -> None:
    """Look at what the programme has already: another promotion of this code, this one closed, points that it paid."""
    if promotion is None:
        code = code_key(form.code.data or "")
        if any(code_key(one.code) == code for one in reading.promotions_of(session(), scope().program.id)):
            form.refuse("code", _("A promotion has this code already."))
        return
    if promotion.state is PromotionState.CLOSED:
        form.refuse(None, _("The promotion is closed: what it paid stays as it is."))
    if promotion.version and form.budget.data is not None and not form.budget.errors:
        spent = standings.spent(session(), promotion.id)
        if spent > form.budget.data:
            form.refuse(
                "budget", _("Already given of it: %(amount)s. It cannot be less.", amount=formats.points(spent))
            )
