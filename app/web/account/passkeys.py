"""One's own passkeys: added, named, removed."""

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.extensions import db
from app.services.access import passkeys
from app.services.access.passkeys import PasskeyRefused
from app.services.access.second_factors import FactorNeeded
from app.services.access.signing_in import Factor
from app.web.account import confirming
from app.web.account.forms import PasskeyNameForm
from app.web.account.second_factors import only_one
from app.web.addresses import id_sent, outside
from app.web.auth import challenges, sessions
from app.web.context import keys, now, person, place, session

bp = Blueprint("own_passkeys", __name__, url_prefix="/account/passkeys")

Answer = str | Response | tuple[str, int]
PURPOSE = "register"


@bp.get("/")
def index() -> Answer:
    """Offer a new passkey; also to whoever still has to set up a second step."""
    if asked := confirming.first():
        return asked
    return render_template("account/passkeys.html", possible=challenges.possible())


@bp.post("/options")
def options() -> Response | tuple[Response, int]:
    if not place().proved_lately(now()):
        return jsonify(next=url_for("confirm.ask", next=url_for("own_passkeys.index"))), 401
    asked = passkeys.ask_to_register(session(), keys(), challenges.party(), place().person)
    return challenges.put(asked, PURPOSE)


@bp.post("/")
def add() -> Response | tuple[Response, int]:
    here = place()
    challenge, answer = challenges.take(PURPOSE)
    if not here.proved_lately(now()):
        return jsonify(next=url_for("confirm.ask", next=url_for("own_passkeys.index"))), 401
    try:
        with transaction(db.session) as changing:
            passkeys.register(
                changing,
                challenges.party(),
                here.person,
                challenge,
                answer,
                name=str(answer.get("name") or _("Passkey")),
                reset_page=outside("resets.ask"),
                now=now(),
            )
    except PasskeyRefused:
        return jsonify(problem=_("This passkey could not be added. Try once more, or use another device.")), 400
    sessions.strengthen(here, Factor.PASSKEY)
    flash(_("The passkey is added."), "success")
    return jsonify(next=url_for("factors.recovery_codes"))


@bp.post("/name")
def rename() -> Answer:
    form, passkey_id = PasskeyNameForm(), id_sent("passkey")
    if not form.validate():
        return render_template("account/passkey_name.html", form=form, passkey_id=passkey_id), 400
    with transaction(db.session) as changing:
        renamed = passkey_id is not None and passkeys.rename(changing, person(), passkey_id, form.name.data or "")
    if not renamed:
        abort(404)
    flash(_("The name is saved."), "success")
    return redirect(url_for("security.index"), 303)


@bp.post("/remove")
def remove() -> Answer:
    if asked := confirming.first():
        return asked
    passkey_id = id_sent("passkey")
    try:
        with transaction(db.session) as changing:
            removed = passkey_id is not None and passkeys.remove(
                changing, person(), passkey_id, reset_page=outside("resets.ask"), now=now()
            )
    except FactorNeeded:
        flash(only_one(), "danger")
    else:
        if removed:
            flash(_("The passkey is removed."), "success")
    return redirect(url_for("security.index"), 303)
