"""What somebody writes to sign in, and to get back in."""

from flask_babel import lazy_gettext as _
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length, Optional

from app.services.access.people import LONGEST_PASSWORD
from app.web.forms.form import Form

LONGEST_LOGIN = 254
LONGEST_NAME = 120


class SignInForm(Form):
    """Sign-in name and password."""

    may_look_like_cards = frozenset({"login"})  # it is looked up, not kept

    login = StringField(_("E-mail"), [InputRequired(_("Fill in your e-mail address.")), Length(max=LONGEST_LOGIN)])
    password = PasswordField(_("Password"), [InputRequired(_("Fill in your password.")), Length(max=LONGEST_PASSWORD)])


class CodeForm(Form):
    """A code: of an authenticator app, of an SMS, or one of those that were written down."""

    code = StringField(_("Code"), [InputRequired(_("Fill in the code.")), Length(max=20)])


class AskForm(Form):
    """An e-mail address to send something to."""

    may_look_like_cards = frozenset({"login"})

    login = StringField(_("E-mail"), [InputRequired(_("Fill in your e-mail address.")), Length(max=LONGEST_LOGIN)])


class AskPhoneForm(Form):
    """A phone number to send a code to."""

    phone = StringField(
        _("Phone number"),
        [InputRequired(_("Fill in your phone number.")), Length(max=30)],
        description=_("With the country code, for example +48 600 100 200."),
    )


class NewPasswordForm(Form):
    """A new password."""

    password = PasswordField(
        _("New password"),
        [InputRequired(_("Choose a password.")), Length(max=LONGEST_PASSWORD)],
        description=_("At least 10 characters. Several words that do not belong together are easy to keep."),
    )


class InvitedForm(Form):
    """What somebody who was invited says about themselves: a name, and a password, or none but a passkey."""

    name = StringField(_("Your name"), [InputRequired(_("Fill in your name.")), Length(max=LONGEST_NAME)])
    password = PasswordField(
        _("Password"),
        [Optional(), Length(max=LONGEST_PASSWORD)],
        description=_("At least 10 characters. Several words that do not belong together are easy to keep."),
    )
