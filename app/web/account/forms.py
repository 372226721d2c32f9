"""What somebody writes about themselves."""

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, PasswordField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from app.services.access.people import LONGEST_PASSWORD
from app.services.telling.languages import LANGUAGES
from app.web.auth.forms import LONGEST_LOGIN, LONGEST_NAME
from app.web.forms.form import Form, choice


class ProfileForm(Form):
    """How somebody is called, and how pages look and speak to them."""

    name = StringField(_("Full name"), [InputRequired(_("Fill in your name.")), Length(max=LONGEST_NAME)])
    locale = SelectField(
        _("Language"),
        choices=[
            choice("", _("As the browser asks for it")),
            *(choice(code, name) for code, name in LANGUAGES.items()),
        ],
        description=_("Of pages, and of what is sent to you."),
    )
    theme = RadioField(
        _("Light or dark"),
        choices=[
            choice("", _("As the device has it")),
            choice("light", _("Light")),
            choice("dark", _("Dark")),
        ],
    )
    reminded = BooleanField(_("Write to me before points expire"))


class PasswordForm(Form):
    """A new password, and the one that holds now."""

    current = PasswordField(_("Password that holds now"), [Length(max=LONGEST_PASSWORD)])
    password = PasswordField(
        _("New password"),
        [InputRequired(_("Choose a password.")), Length(max=LONGEST_PASSWORD)],
        description=_("At least 10 characters. Several words that do not belong together are easy to keep."),
    )


class ConfirmForm(Form):
    """The password, once more."""

    password = PasswordField(_("Password"), [InputRequired(_("Fill in your password.")), Length(max=LONGEST_PASSWORD)])


class EmailForm(Form):
    """A new e-mail address."""

    login = StringField(
        _("New e-mail address"), [InputRequired(_("Fill in the new address.")), Length(max=LONGEST_LOGIN)]
    )


class PasskeyNameForm(Form):
    """What a passkey is called."""

    name = StringField(_("Name"), [InputRequired(_("Fill in a name.")), Length(max=60)])
