"""What somebody writes to sign in."""

from wtforms import Form, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from app.services.people import LONGEST_PASSWORD


class SignInForm(Form):
    """Sign-in name and password. The token against forged forms is checked for every form before it gets here."""

    login = StringField(validators=[InputRequired(), Length(max=254)])
    password = PasswordField(validators=[InputRequired(), Length(max=LONGEST_PASSWORD)])
