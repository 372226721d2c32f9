"""What happened to a distributor, in words: a sentence for each happening, with the page of its cause."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.domain.roles import Permission, Role
from app.domain.saying.decision_codes import said
from app.domain.saying.reasons import sentences
from app.domain.states import DocumentKind, DocumentStatus, TaxStatus, TopUpKind, TopUpStatus, TransactionKind, Unit
from app.services.tracing.happenings import Happening, Kind, Source
from app.web import formats, people_named
from app.web.admin.people import outbox
from app.web.context import scope
from app.web.portal.notices.notices import sentence_of
from app.web.words import runs as finance
from app.web.words import wording
from app.web.words.reasons import reason_name

KINDS: Mapping[Kind, tuple[Any, Permission]] = {
    Kind.DOCUMENTS: (_("Documents"), Permission.SEE_DOCUMENTS),
    Kind.POINTS: (_("Points"), Permission.SEE_LEDGER),
    Kind.ADJUSTMENTS: (_("Adjustments"), Permission.SEE_LEDGER),
    Kind.TOP_UPS: (_("Cards and top-ups"), Permission.SEE_MONEY),
    Kind.DATA: (_("Data"), Permission.SEE_AUDIT),
    Kind.PEOPLE: (_("People"), Permission.SEE_AUDIT),
    Kind.MESSAGES: (_("Messages"), Permission.MANAGE_PEOPLE),
}
"""What a story is of: how it is called, and who may read it."""


@dataclass(frozen=True)
class Entry:
    """A happening as the page shows it."""

    at: dt.datetime
    title: str
    drawing: str
    tone: str = "plain"
    who: str | None = None
    more: tuple[str, ...] = ()
    address: str | None = None


def entry(one: Happening) -> Entry:
    """Tell a happening in the language of whoever reads the page."""
    return _TELLERS[one.source](one)


def _here(endpoint: str, **values: Any) -> str:
    return url_for(endpoint, program_code=scope().program.code, **values)


def _said(*lines: Any) -> tuple[str, ...]:
    return tuple(str(line) for line in lines if line)


def _document(one: Happening) -> Entry:
    parts, status = one.parts, DocumentStatus(one.parts["status"])
    badge = wording.DOCUMENT_STATUS[status]
    title = (
        gettext("Invoice %(number)s came in", number=parts["number"])
        if parts["kind"] == DocumentKind.INVOICE
        else gettext("Credit note %(number)s came in", number=parts["number"])
    )
    drawing = {DocumentStatus.REFUSED: "cross", DocumentStatus.REVIEW: "clock"}.get(status, "file")
    why = sentences(parts["reasons"], gettext, formats.shown)
    state = f"{badge.text} · {formats.cash(parts['net_minor'])}"
    return Entry(
        one.at,
        title,
        drawing,
        badge.tone,
        more=_said(state, why),
        address=_here("documents.show", document_id=parts["document_id"]),
    )


def _decision(one: Happening) -> Entry:
    parts = one.parts
    named = {"number": parts["number"]}
    text, drawing, tone = {
        DocumentStatus.ACCEPTED: (gettext("Document %(number)s was accepted", **named), "check", "good"),
        DocumentStatus.REFUSED: (gettext("Document %(number)s was refused", **named), "cross", "bad"),
        DocumentStatus.REVIEW: (
            gettext("Document %(number)s was accepted by one of two", **named),
            "check",
            "busy",
        ),
        DocumentStatus.SUPERSEDED: (gettext("Document %(number)s was accepted in part", **named), "check", "good"),
    }[DocumentStatus(parts["becomes"])]
    return Entry(
        one.at,
        text,
        drawing,
        tone,
        parts["who"],
        _said(said(parts["code"], parts["why"], gettext)),
        _here("documents.show", document_id=parts["document_id"]),
    )


def _amount(parts: Mapping[str, Any]) -> str:
    return formats.worded(parts["amount"], Unit(parts["unit"]), signed=True)


def _points(amount: int) -> str:
    return formats.worded(amount, Unit.POINTS, signed=True)


def _movement(one: Happening) -> Entry:
    parts, kind = one.parts, TransactionKind(one.parts["kind"])
    told = wording.MOVEMENT[kind]
    cause = gettext("For %(number)s", number=parts["number"]) if parts["number"] else None
    return Entry(
        one.at,
        f"{told}: {_amount(parts)}",
        "coin",
        "good" if parts["amount"] > 0 else "wait",
        parts["who"],
        _said(cause, parts["why"]),
        _here("ledger.show", transaction_id=one.id),
    )


def _adjusted(one: Happening) -> Entry:
    parts = one.parts
    asked_for = str(parts["key"]).removeprefix("adjust:request:")
    return Entry(
        one.at,
        f"{wording.MOVEMENT[TransactionKind.ADJUST]}: {_amount(parts)}",
        "adjust",
        "good" if parts["amount"] > 0 else "bad",
        parts["who"],
        _said(parts["why"]),
        _here("adjustments.show", adjustment_id=int(asked_for))
        if asked_for.isascii() and asked_for.isdigit()
        else _here("ledger.show", transaction_id=one.id),
    )


def _adjustment_asked(one: Happening) -> Entry:
    parts = one.parts
    return Entry(
        one.at,
        gettext("Adjustment asked for: %(amount)s", amount=_amount(parts)),
        "adjust",
        who=parts["who"],
        more=_said(reason_name(parts["reason_code"]), parts["why"]),
        address=_here("adjustments.show", adjustment_id=one.id),
    )


def _adjustment_declined(one: Happening) -> Entry:
    parts = one.parts
    told = (
        gettext("Adjustment refused: %(amount)s", amount=_amount(parts))
        if parts["state"] == "refused"
        else gettext("Adjustment withdrawn: %(amount)s", amount=_amount(parts))
    )
    return Entry(
        one.at, told, "cross", "bad", parts["who"], _said(parts["why"]), _here("adjustments.show", adjustment_id=one.id)
    )


def _top_up(one: Happening) -> str:
    parts = one.parts
    return f"{finance.KIND[TopUpKind(parts['kind'])]}, {formats.cash(parts['amount_minor'])}"


def _run(one: Happening) -> str:
    run_id = one.parts["run_id"]
    return _here("top_ups.index") if run_id is None else _here("runs.show", run_id=run_id)


def _top_up_asked(one: Happening) -> Entry:
    points = one.parts["points"]
    return Entry(
        one.at,
        gettext("Top-up written down: %(what)s", what=_top_up(one)),
        "top-ups",
        more=_said(None if points is None else gettext("For %(amount)s points", amount=formats.points(points))),
        address=_run(one),
    )


def _top_up_settled(one: Happening) -> Entry:
    failure, status = one.parts["failure"], TopUpStatus(one.parts["status"])
    badge, what = finance.TOP_UP[status], _top_up(one)
    failed = status is TopUpStatus.FAILED
    return Entry(
        one.at,
        gettext("Top-up failed: %(what)s", what=what) if failed else gettext("Top-up settled: %(what)s", what=what),
        "check" if badge.tone == "good" else "cross",
        badge.tone,
        more=_said(None if failed else badge.text, failure and formats.load_failure(failure)),
        address=_run(one),
    )


def _card(one: Happening) -> Entry:
    last4 = one.parts["last4"]
    return Entry(
        one.at,
        gettext("Card •••• %(last4)s is there", last4=last4) if last4 else gettext("A card is ordered"),
        "card",
        more=_said(None if one.parts["active"] else gettext("No longer in use")),
        address=_here("cards.index"),
    )


def _data_changed(one: Happening) -> Entry:
    parts = one.parts
    before, after = parts["before"] or {}, parts["after"] or {}
    title, drawing, tone = {
        "distributor.create": (gettext("Taken in by hand"), "add", "good"),
        "distributor.block": (gettext("Blocked"), "blocked", "bad"),
        "distributor.unblock": (gettext("Takes part again"), "check", "good"),
    }.get(parts["action"], (gettext("Data changed"), "edit", "plain"))
    changes = [
        f"{wording.DISTRIBUTOR_DATA[name]}: {_value(name, before.get(name))} → {_value(name, value)}"
        for name, value in after.items()
        if name in wording.DISTRIBUTOR_DATA and parts["action"] != "distributor.create"  # the record says what it is
    ]
    return Entry(
        one.at,
        title,
        drawing,
        tone,
        parts["who"],
        _said(*changes, parts["why"]),
        _here("audit.index", q=parts["subject"]),
    )


def _value(name: str, value: Any) -> str:
    if value is None or value == "":
        return "–"
    if name in ("birthday_on", "enrolled_on"):
        return formats.day(dt.date.fromisoformat(value))
    return str(wording.TAX_STATUS[TaxStatus(value)]) if name == "tax_status" else str(value)


def _person(one: Happening) -> Entry:
    parts, login = one.parts, one.parts["subject"]
    who = people_named.name_of(login)
    role = _role((parts["after"] or {}).get("role") or (parts["before"] or {}).get("role"))
    title, drawing = {
        "user.role": (gettext("%(who)s joined as %(role)s", who=who, role=role), "user-add"),
        "user.role_taken": (gettext("%(who)s is no longer %(role)s", who=who, role=role), "leave"),
        "user.role_changed": (gettext("%(who)s became %(role)s", who=who, role=role), "user"),
        "invitation.send": (gettext("%(who)s was invited as %(role)s", who=who, role=role), "mail"),
        "application.ask": (gettext("Asked to agree to %(who)s", who=who), "question"),
    }.get(parts["action"], (gettext("The application of %(who)s was accepted", who=who), "check"))
    return Entry(
        one.at, title, drawing, who=parts["who"], more=_said(parts["why"]), address=_here("audit.index", q=login)
    )


def _role(name: str | None) -> str:
    return str(wording.ROLE[Role(name)]) if name in set(Role) else str(name or "")


def _notice(one: Happening) -> Entry:
    return Entry(one.at, sentence_of(one.parts["kind"], one.parts["parts"]), "bell", more=_said(gettext("Notice")))


def _message(one: Happening) -> Entry:
    parts = one.parts
    return Entry(
        one.at,
        str(outbox.about(parts["kind"])),
        "mail",
        more=_said(f"{outbox.CHANNEL[parts['channel']]}: {parts['to']}", outbox.STATE[parts["state"]].text),
        address=_here("outbox.show", message_id=one.id),
    )


_TELLERS: Mapping[Source, Callable[[Happening], Entry]] = {
    Source.DATA_CHANGED: _data_changed,
    Source.PERSON: _person,
    Source.CARD: _card,
    Source.DOCUMENT: _document,
    Source.DECISION: _decision,
    Source.ADJUSTMENT_ASKED: _adjustment_asked,
    Source.ADJUSTMENT_DECLINED: _adjustment_declined,
    Source.MOVEMENT: _movement,
    Source.ADJUSTED: _adjusted,
    Source.TOP_UP_ASKED: _top_up_asked,
    Source.TOP_UP_SETTLED: _top_up_settled,
    Source.NOTICE: _notice,
    Source.MESSAGE: _message,
}
