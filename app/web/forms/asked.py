"""What many pages ask in the same way: whether somebody is sure, why, what has to be different, of which days."""

from flask_babel import lazy_gettext as _
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from app.web.forms.fields import DayField, NotBefore
from app.web.forms.form import Form


class Sure(Form):
    """Nothing is asked but to be sure."""


class Why(Form):
    """Why it is done, in a line."""

    reason = StringField(_("Reason"), [InputRequired(_("Say why.")), Length(max=200)])


class PerhapsWhy(Form):
    """Why it is done, in a line, for whoever wants to say it."""

    reason = StringField(_("Reason"), [Length(max=200)])


class Refusal(Form):
    """Why what somebody asked for is refused."""

    note = StringField(_("Reason"), [InputRequired(_("Say why.")), Length(max=200)])


class SendBack(Form):
    """Why a draft goes back to whoever wrote it."""

    note = StringField(_("What has to be different"), [InputRequired(_("Say what.")), Length(max=200)])


class Stretch(Form):
    """From which day to which, both included."""

    from_on = DayField(_("From"), [InputRequired(_("Say from which day."))])
    to_on = DayField(_("Until"), [InputRequired(_("Say to which day.")), NotBefore("from_on")])
