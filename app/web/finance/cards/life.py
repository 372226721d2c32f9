"""One card: who holds it, what stands on it, its life, and what can be done to it."""

from collections.abc import Callable
from typing import Any, Self

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response
from wtforms import SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.db.transaction import transaction
from app.domain.states import CardState, Identity
from app.extensions import db
from app.models.prepaid import Card
from app.web import formats
from app.web.context import now, person, scope, session
from app.web.finance.cards import words as card_words
from app.web.forms.form import Form, choice
from prepaid.cards import card_lives, cards, healing
from prepaid.errors import PrepaidError
from prepaid.issuers.connections import connect
from prepaid.providers import Ability, CardProvider, ProviderError

bp = Blueprint("cards_life", __name__)


class WhyForm(Form):
    """Why something is done to a card."""

    why = TextAreaField(_("Reason"), [InputRequired(_("Say why.")), Length(max=500)])

    @classmethod
    def of(cls, what: str, **options: Any) -> Self:
        """Make the form of one thing that can be done: the page has one for each, told apart by the ids of fields."""
        form = cls(**options)
        form.why.id = f"{what}-why"
        return form


class IdentityForm(Form):
    """What is known of who holds a card."""

    identity = SelectField(
        _("Who holds it"), choices=[choice(one.value, badge.text) for one, badge in card_words.IDENTITY.items()]
    )
    text = TextAreaField(_("How that is known"), [Length(max=500)])


class NoteForm(Form):
    """A note to a card."""

    note = TextAreaField(_("Note"), [InputRequired(_("Write something.")), Length(max=1_000)])


_DONE = {
    "activate": (CardState.ACTIVE, _("The card is active.")),
    "block": (CardState.BLOCKED, _("The card is blocked.")),
    "unblock": (CardState.ACTIVE, _("The card is active again.")),
    "close": (CardState.CLOSED, _("The card is closed for good.")),
}


@bp.get("/programs/<code:program_code>/cards/<id:card_id>")
def show(program_code: str, card_id: int) -> str:
    return _page(card_id)


def _page(card_id: int, asked: str | None = None, **forms: Form) -> str:
    life = card_lives.life_of(session(), card_id)
    identity = IdentityForm(formdata=None, data={"identity": life.card.identity.value})
    return render_template(
        "finance/cards/card.html",
        life=life,
        card=life.card,
        state=card_words.STATE[life.card.state],
        identity=card_words.IDENTITY[life.card.identity],
        words=card_words,
        may=_may(life.card),
        asked=asked,
        forms={what: WhyForm.of(what, formdata=None) for what in _DONE}
        | {"identity": identity, "note": NoteForm(formdata=None)}
        | forms,
    )


def _may(card: Card) -> dict[str, bool]:
    """Say what can be done to a card as it is."""
    moves = card_lives.MOVES[card.state]
    return {
        "activate": card.state is CardState.ISSUED,
        "block": CardState.BLOCKED in moves,
        "unblock": card.state is CardState.BLOCKED,
        "close": CardState.CLOSED in moves,
        "replace": card.active and card.token is not None,
        "read": card.token is not None and card.provider != "batch_file",
    }


@bp.post("/programs/<code:program_code>/cards/<id:card_id>/<any(activate,block,unblock,close):what>")
def change(program_code: str, card_id: int, what: str) -> Response | tuple[str, int]:
    to, said = _DONE[what]
    form = WhyForm.of(what)
    if not form.validate():
        return _page(card_id, what, **{what: form}), 400

    def do(provider: CardProvider) -> None:
        who, why = person().login, form.why.data or ""
        card_lives.change(db.session, provider, card_id, to, why=why, actor=who, now=now())

    return _ask(card_id, do, said)


@bp.post("/programs/<code:program_code>/cards/<id:card_id>/replace")
def replace(program_code: str, card_id: int) -> Response:
    """Order another card in the place of this one; what stands on it goes over."""
    life = card_lives.life_of(session(), card_id)
    program = scope().program

    def do(provider: CardProvider) -> None:
        if Ability.ISSUE not in provider.abilities:
            raise PrepaidError(gettext("This operator issues no cards by itself. Register the new card instead."))
        with transaction(db.session) as writing:
            cards.replace(writing, program, life.distributor_code, actor=person().login, now=now())
        cards.issue_ordered(db.session, provider, program.id, now=now())
        newest = card_lives.life_of(session(), card_id).later
        if newest is not None:
            new_id = newest.id
            session().rollback()
            healing.look(db.session, provider, new_id, now=now())

    return _ask(card_id, do, _("Another card is issued in its place; balance and history go on with it."))


@bp.post("/programs/<code:program_code>/cards/<id:card_id>/read")
def read(program_code: str, card_id: int) -> Response:
    """Read the card at its provider."""
    return _ask(
        card_id, lambda provider: healing.look(db.session, provider, card_id, now=now()), _("Read at the provider.")
    )


def _ask(card_id: int, do: Callable[[CardProvider], None], said: Any) -> Response:
    """Do something that asks the provider, and say what became of it."""
    try:
        provider = connect(session().get_one(Card, card_id).provider, db.engine)
        session().rollback()  # nothing is held while the provider is asked
        do(provider)
    except PrepaidError as error:
        flash(card_words.refusal(error), "danger")
    except ProviderError as error:
        flash(gettext("The card provider did not do it: %(why)s Ask again.", why=formats.told(error.said)), "danger")
    else:
        flash(str(said), "success")
    return _back(card_id)


@bp.post("/programs/<code:program_code>/cards/<id:card_id>/identify")
def identify(program_code: str, card_id: int) -> Response | tuple[str, int]:
    form = IdentityForm()
    if not form.validate():
        return _page(card_id, "identity", identity=form), 400
    with transaction(db.session) as writing:
        card_lives.identify(
            writing,
            card_id,
            Identity(form.identity.data),
            why=form.text.data or "",
            actor=person().login,
            now=now(),
        )
    flash(gettext("Written down."), "success")
    return _back(card_id)


@bp.post("/programs/<code:program_code>/cards/<id:card_id>/note")
def note(program_code: str, card_id: int) -> Response | tuple[str, int]:
    form = NoteForm()
    if not form.validate():
        return _page(card_id, "note", note=form), 400
    with transaction(db.session) as writing:
        card_lives.remark(writing, card_id, form.note.data or "", actor=person().login, now=now())
    flash(gettext("Written down."), "success")
    return _back(card_id)


def _back(card_id: int) -> Response:
    return redirect(url_for("cards_life.show", program_code=scope().program.code, card_id=card_id), 303)
