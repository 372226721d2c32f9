"""What waits for whoever looks at the overview: in words, and where it is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext, ngettext

from app.domain.roles import Permission, may
from app.web import formats
from app.web.admin.overview import waiting
from app.web.context import person, scope, session
from prepaid.taxing import owed


@dataclass(frozen=True)
class Duty:
    """Something that waits for whoever looks: in words, and where it is."""

    text: str
    address: str
    icon: str


def duties() -> list[Duty]:
    """Say what waits for whoever is signed in, as far as they may act on it. Two waiting."""
    program = scope().program
    counted = waiting.duties(session(), program.id, person().login)

    def at(endpoint: str, **more: Any) -> str:
        return url_for(endpoint, program_code=program.code, **more)

    parts = (
        (Permission.START_IMPORT, _beginning),
        (Permission.DECIDE, _sales),
        (Permission.REQUEST_ADJUSTMENT, _disputes),
        (Permission.DECIDE_ADJUSTMENT, _movements),
        (Permission.APPROVE_ORDERS, _orders),
        (Permission.EDIT_PROGRAM, _drafts),
        (Permission.APPROVE_RUN, _approvals),
        (Permission.PREPARE_RUN, _loads),
        (Permission.VET_APPLICATIONS, _applications),
        (Permission.MANAGE_PEOPLE, _leaving),
    )
    return [duty for permission, part in parts if may(person(), permission, program.id) for duty in part(counted, at)]


def _beginning(counted: waiting.Waiting, at: Callable[..., str]) -> Iterator[Duty]:
    """Say what has to be there before the first file of sales can count."""
    if not counted.products:
        yield Duty(gettext("There are no products yet"), at("products.index"), "box")
    if not counted.distributors:
        yield Duty(gettext("There are no distributors yet"), at("distributors.index"), "users")


def _sales(counted: waiting.Waiting, at: Callable[..., str]) -> Iterator[Duty]:
    """Say what waits before sales count."""
    if counted.review:
        text = ngettext(
            "%(num)s document waits for a decision", "%(num)s documents wait for a decision", counted.review
        )
        yield Duty(text, at("review.index"), "inbox")
    if counted.names:
        text = ngettext("%(num)s unknown name waits", "%(num)s unknown names wait", counted.names)
        yield Duty(text, at("unmatched.index"), "question")


def _disputes(counted: waiting.Waiting, at: Callable[..., str]) -> Iterator[Duty]:
    """Say which disputes nobody has answered."""
    if counted.disputes:
        text = ngettext("%(num)s dispute waits for an answer", "%(num)s disputes wait for an answer", counted.disputes)
        yield Duty(text, at("disputes.index", state="open"), "question")


def _orders(counted: waiting.Waiting, at: Callable[..., str]) -> Iterator[Duty]:
    """Say which orders wait."""
    if counted.orders:
        text = ngettext("%(num)s order waits for approval", "%(num)s orders wait for approval", counted.orders)
        yield Duty(text, at("orders.index", state="waiting"), "basket")


def _movements(counted: waiting.Waiting, at: Callable[..., str]) -> Iterator[Duty]:
    """Say what waits of points that are moved by hand."""
    if counted.adjustments:
        text = ngettext(
            "%(num)s adjustment waits for approval", "%(num)s adjustments wait for approval", counted.adjustments
        )
        yield Duty(text, at("adjustments.index", state="waiting"), "adjust")
    if counted.transfers:
        text = ngettext("%(num)s transfer waits for approval", "%(num)s transfers wait for approval", counted.transfers)
        yield Duty(text, at("transfers.index", state="waiting"), "runs")
    if counted.merges:
        text = ngettext(
            "%(num)s merge of distributors waits for approval",
            "%(num)s merges of distributors wait for approval",
            counted.merges,
        )
        yield Duty(text, at("merges.index", state="waiting"), "link")


def _drafts(counted: waiting.Waiting, at: Callable[..., str]) -> Iterator[Duty]:
    """Say what waits to be published, and that nothing earns while there is no rule."""
    if not counted.rules:
        yield Duty(gettext("No rule is published: no sale earns anything"), at("rules.index"), "rules")
    if counted.rule_drafts:
        text = ngettext(
            "%(num)s draft of rules waits to be published",
            "%(num)s drafts of rules wait to be published",
            counted.rule_drafts,
        )
        yield Duty(text, at("rules.index"), "rules")
    if counted.promotion_drafts:
        text = ngettext(
            "%(num)s draft of a promotion waits to be published",
            "%(num)s drafts of promotions wait to be published",
            counted.promotion_drafts,
        )
        yield Duty(text, at("promotions.index", draft="waits"), "trophy")
    if counted.tax_changes:
        text = ngettext(
            "%(num)s change of the tax rules waits to be published",
            "%(num)s changes of the tax rules wait to be published",
            counted.tax_changes,
        )
        yield Duty(text, at("tax_rules.index"), "rules")


def _approvals(counted: waiting.Waiting, at: Callable[..., str]) -> Iterator[Duty]:
    """Say what waits of loads and of the books for a second person."""
    if counted.runs:
        text = ngettext(
            "%(num)s conversion run waits for approval", "%(num)s conversion runs wait for approval", counted.runs
        )
        yield Duty(text, at("runs.index", state="preview"), "runs")
    if counted.compensation_runs:
        text = ngettext(
            "%(num)s compensation run waits for approval",
            "%(num)s compensation runs wait for approval",
            counted.compensation_runs,
        )
        yield Duty(text, at("compensations.index", state="preview"), "adjust")
    if counted.redemptions:
        text = ngettext(
            "%(num)s redemption waits for approval", "%(num)s redemptions wait for approval", counted.redemptions
        )
        yield Duty(text, at("redemptions.index", state="waiting"), "coin")
    if counted.months:
        text = ngettext(
            "%(num)s closed month is asked to be opened again",
            "%(num)s closed months are asked to be opened again",
            counted.months,
        )
        yield Duty(text, at("periods.index"), "calendar")


def _loads(counted: waiting.Waiting, at: Callable[..., str]) -> Iterator[Duty]:
    """Say what waits of loads: orders, answers, what failed, what is to be paid back, what differs. One query."""
    if counted.unsent:
        text = ngettext(
            "%(num)s conversion run is approved: its order waits to be sent",
            "%(num)s conversion runs are approved: their orders wait to be sent",
            counted.unsent,
        )
        yield Duty(text, at("runs.index", state="ordered"), "send")
    if counted.unsent_compensations:
        text = ngettext(
            "%(num)s compensation run is approved: its order waits to be sent",
            "%(num)s compensation runs are approved: their orders wait to be sent",
            counted.unsent_compensations,
        )
        yield Duty(text, at("compensations.index", state="ordered"), "send")
    if counted.unknown:
        text = ngettext(
            "The provider owes an answer for %(num)s top-up",
            "The provider owes an answer for %(num)s top-ups",
            counted.unknown,
        )
        yield Duty(text, at("top_ups.index", state="unknown"), "question")
    if counted.failed:
        text = ngettext(
            "%(num)s load failed and was not tried again: %(amount)s",
            "%(num)s loads failed and were not tried again: %(amount)s",
            counted.failed,
            amount=formats.cash(counted.failed_minor),
        )
        yield Duty(text, at("top_ups.index", loads="failed"), "alert")
    due = owed.waiting(session(), scope().program)
    if due.rewards:
        text = ngettext(
            "%(num)s compensation is due: %(amount)s",
            "%(num)s compensations are due: %(amount)s",
            due.rewards,
            amount=formats.cash(due.amount_minor),
        )
        yield Duty(text, at("compensations.index"), "adjust")
    if counted.differences:
        text = ngettext(
            "%(num)s difference from a provider's statement waits for an answer",
            "%(num)s differences from providers' statements wait for an answer",
            counted.differences,
        )
        yield Duty(text, at("differences.index", state="open"), "check-circle")


def _applications(counted: waiting.Waiting, at: Callable[..., str]) -> Iterator[Duty]:
    """Say who asks to take part."""
    if counted.applications:
        text = ngettext("%(num)s application waits", "%(num)s applications wait", counted.applications)
        yield Duty(text, at("applications.index"), "user-add")


def _leaving(counted: waiting.Waiting, at: Callable[..., str]) -> Iterator[Duty]:
    """Say who asks to be erased."""
    if counted.leaving:
        text = ngettext("%(num)s person asks to be erased", "%(num)s people ask to be erased", counted.leaving)
        yield Duty(text, at("people.index"), "user")
