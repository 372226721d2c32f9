"""Fields for what people type in their own language: amounts, points, quantities, dates. Their data are integers."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from wtforms import StringField
from wtforms.validators import StopValidation
from wtforms.widgets import DateInput, TextInput

from app.services.languages import NotADay, NotANumber, TooManyDecimals
from app.web.context import scope
from app.web.formats import here


def read_number(typed: str, decimals: int) -> int:
    """Read a number that was typed in the person's language into smallest units.

    Raises:
        ValueError: It is none, or has too many decimals: in words.
    """
    try:
        return here().read(typed, decimals)
    except NotANumber as problem:
        raise ValueError(
            _("This is no number here. Write it like this: %(example)s.", example=problem.example)
        ) from None
    except TooManyDecimals as problem:
        if problem.decimals == 0:
            raise ValueError(_("Write a whole number.")) from None
        raise ValueError(_("Write at most %(count)s decimals.", count=problem.decimals)) from None


class _NumberField(StringField):
    """A number typed in the person's language; ``data`` is a whole number of smallest units, or None."""

    data: Any
    widget = TextInput()

    def __init__(self, label: str | None = None, validators: list[Any] | None = None, **options: Any) -> None:
        """Ask phones for their keyboard of figures."""
        options["render_kw"] = {"inputmode": "decimal", "autocomplete": "off", **(options.get("render_kw") or {})}
        super().__init__(label, validators, **options)

    def decimals(self) -> int:
        """Tell how many decimals a smallest unit has."""
        raise NotImplementedError

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read what was typed; what cannot be read keeps standing in the field, with the reason beside it."""
        self.data = None
        if not valuelist or not valuelist[0].strip():
            self.raw_data = []  # spaces fill in nothing: whether that may be is for `InputRequired` to say
            return
        self.data = read_number(valuelist[0], self.decimals())

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else here().figure(int(self.data), self.decimals())


class MoneyField(_NumberField):
    """An amount in the programme's currency; ``data`` is in minor units."""

    def decimals(self) -> int:
        """Tell the decimals of the currency."""
        return scope().program.currency_decimals


class PointsField(_NumberField):
    """Points; ``data`` is in the programme's smallest unit."""

    def decimals(self) -> int:
        """Tell the decimals of a point."""
        return scope().program.point_decimals


class QuantityField(_NumberField):
    """A quantity; ``data`` is in thousandths."""

    def decimals(self) -> int:
        """Tell that quantities are kept in thousandths."""
        return 3

    def _value(self) -> str:
        if self.raw_data or self.data is None:
            return super()._value()
        return here().quantity(int(self.data))


class ShareField(_NumberField):
    """A share in per cent; ``data`` is in hundredths of a per cent, the basis points."""

    def decimals(self) -> int:
        """Tell how fine a share may be."""
        return 2

    def _value(self) -> str:
        text = super()._value()
        if self.raw_data or self.data is None:
            return text
        return text.rstrip("0").rstrip(here().decimal) if here().decimal in text else text


class ExactField(_NumberField):
    """A number as a programme file has it, with up to six decimals; ``data`` is in millionths."""

    def decimals(self) -> int:
        """Tell how fine a rate may be."""
        return 6

    def _value(self) -> str:
        if self.raw_data or self.data is None:
            return super()._value()
        text = super()._value()
        return text.rstrip("0").rstrip(here().decimal) if here().decimal in text else text


class DayField(StringField):
    """A date; ``data`` is one, or None. Browsers show it in their own language and send year-month-day."""

    data: Any
    widget = DateInput()

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read what was typed or picked."""
        self.data = None
        if not valuelist or not valuelist[0].strip():
            self.raw_data = []  # spaces fill in nothing: whether that may be is for `InputRequired` to say
            return
        try:
            self.data = here().read_day(valuelist[0])
        except NotADay as problem:
            raise ValueError(_("This is no date. Write it like this: %(example)s.", example=problem.example)) from None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return self.data.isoformat() if isinstance(self.data, dt.date) else ""


class Between:
    """Accepts whole numbers of smallest units from ``least`` to ``most``; says the limits as the field is typed."""

    def __init__(self, least: int | Callable[[], int], most: int | Callable[[], int]) -> None:
        """Take the limits, or how to find them when they are needed."""
        self._least, self._most = least, most

    def __call__(self, form: Any, field: Any) -> None:
        """Refuse what lies outside.

        Raises:
            StopValidation: With the limits in words.
        """
        if field.data is None:
            return
        least = self._least() if callable(self._least) else self._least
        most = self._most() if callable(self._most) else self._most
        if not least <= field.data <= most:
            write = here().figure
            raise StopValidation(
                _(
                    "Write a number from %(least)s to %(most)s.",
                    least=write(least, field.decimals()),
                    most=write(most, field.decimals()),
                )
            )


class AboveZero:
    """Accepts numbers above zero, and a field that is empty."""

    def __call__(self, form: Any, field: Any) -> None:
        """Refuse others.

        Raises:
            StopValidation: In words.
        """
        if field.data is not None and field.data <= 0:
            raise StopValidation(_("Write a number above zero."))


class NotBefore:
    """Accepts a last day that comes no earlier than the first, which another field of the form has."""

    def __init__(self, first: str) -> None:
        """Name that field."""
        self._first = first

    def __call__(self, form: Any, field: Any) -> None:
        """Refuse a period that ends before it begins.

        Raises:
            StopValidation: In words.
        """
        begins = form[self._first].data
        if begins is not None and field.data is not None and field.data < begins:
            raise StopValidation(_("The period ends before it begins."))
