"""Cards: tokens and last four digits; registered by hand, or ordered from the provider."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, select
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import InputRequired, Length, Regexp

from app.db.transaction import transaction
from app.extensions import db
from app.models.distributors import Distributor
from app.models.prepaid import Card
from app.services.tracing.balances import NoSuchDistributor
from app.web.context import now, person, scope, session
from app.web.finance.cards import words as card_words
from app.web.forms.form import CodeField, Form
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Column, Kind, Listing, OneOf, Search, To
from app.web.words import runs as wording
from app.web.words.wording import PROVIDER
from prepaid.cards import cards
from prepaid.errors import PrepaidError
from prepaid.issuers.connections import connect
from prepaid.providers import ProviderError
from prepaid.terms import provider_of

bp = Blueprint("cards", __name__)


class NewCard(Form):
    """A card that a distributor has: the provider's token of it, never its number."""

    distributor = CodeField(_("Distributor"), [InputRequired(_("Say whose card it is.")), Length(max=64)])
    token = StringField(_("Token"), [InputRequired(_("Give the provider's token.")), Length(max=64)])
    last4 = StringField(
        _("Last four digits"),
        [InputRequired(_("Give four digits.")), Regexp(r"^[0-9]{4}$", message=_("Give four digits."))],
    )


_QUERY: Select[Any] = (
    select().select_from(Card).join(Distributor, Distributor.id == Card.distributor_id).where(Card.program_id == HERE)
)


CARDS = Listing(
    name="cards",
    title=_("Cards"),
    columns=(
        Column(
            "name",
            _("Distributor"),
            Distributor.name,
            sort=Distributor.sort_key,
            link=To("records.show", distributor_id="distributor_id"),
        ),
        Column("code", _("Code"), Distributor.code, Kind.CODE, Distributor.code_key),
        Column(
            "last4",
            _("Card"),
            Card.last4,
            words=lambda last4: f"••••\N{NO-BREAK SPACE}{last4}" if last4 else _("Not issued yet"),
            link=To("cards_life.show", card_id="row_id"),
        ),
        Column("token", _("Token"), Card.token, Kind.CODE, phone=False),
        Column(
            "provider",
            _("Provider"),
            Card.provider,
            words=lambda provider: PROVIDER.get(provider, provider),
            phone=False,
        ),
        Column("identity", _("Who holds it"), Card.identity, badge=lambda one: card_words.IDENTITY[one], phone=False),
        Column("balance", _("On the card"), Card.balance_minor, Kind.MONEY),
        Column("created_at", _("Ordered"), Card.created_at, Kind.INSTANT, Card.created_at, phone=False),
        Column("issued_at", _("Card issued"), Card.issued_at, Kind.INSTANT),
        Column("state", _("State"), Card.state, badge=lambda state: card_words.STATE[state]),
        Column("distributor_id", "", Distributor.id, shown=False, exported=False),
    ),
    query=_QUERY,
    id=Card.id,
    default="name",
    filters=(
        Search(Distributor.name, Distributor.code, Card.last4, title=_("Distributor, code or last digits")),
        OneOf.named("state", _("State"), Card.state, card_words.STATE),
        OneOf.named("identity", _("Who holds it"), Card.identity, card_words.IDENTITY),
    ),
)


@bp.get("/programs/<code:program_code>/cards")
def index(program_code: str) -> str | Response:
    without = cards.without_card(session(), scope().program)
    return answer(CARDS, "finance/cards/cards.html", counted=True, without=len(without))


@bp.route("/programs/<code:program_code>/cards/new", methods=["GET", "POST"])
def new(program_code: str) -> str | Response | tuple[str, int]:
    form = NewCard()
    if request.method == "GET":
        form.distributor.data = request.args.get("distributor", "")[:64]
        return render_template("finance/cards/card_new.html", form=form)
    if form.validate():
        try:
            with transaction(db.session) as writing:
                cards.register(
                    writing,
                    scope().program,
                    form.distributor.data or "",
                    token=form.token.data or "",
                    last4=form.last4.data or "",
                    actor=person().login,
                    now=now(),
                )
        except NoSuchDistributor:
            form.refuse("distributor", gettext("No distributor of this programme has this code."))
        except PrepaidError as error:
            form.refuse("token", wording.refusal(error))
        else:
            flash(gettext("The card is registered."), "success")
            return redirect(url_for("cards.index", program_code=program_code), 303)
    return render_template("finance/cards/card_new.html", form=form), 400


@bp.post("/programs/<code:program_code>/cards/order")
def order(program_code: str) -> Response:
    """Order cards for everybody who has none, and ask the provider for them."""
    program = scope().program
    try:
        with transaction(db.session) as writing:
            wanted = cards.without_card(writing, program)
            cards.order_cards(writing, program, wanted, actor=person().login, now=now())
        issued = cards.issue_ordered(db.session, connect(provider_of(program), db.engine), program.id, now=now())
    except PrepaidError as error:
        flash(wording.refusal(error), "danger")
    except ProviderError:
        flash(gettext("The card provider does not answer. What was ordered stays ordered; ask again later."), "danger")
    else:
        flash(gettext("Cards issued: %(count)s.", count=issued), "success")
    return redirect(url_for("cards.index", program_code=program_code), 303)
