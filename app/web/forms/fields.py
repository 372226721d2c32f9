"""Fields for what people type in their own language: amounts, points, quantities, dates. Their data are integers."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from wtforms import StringField
from wtforms.validators import StopValidation
from wtforms.widgets import DateInput, TextInput

from app.services.telling.languages import NotADay, NotANumber, TooLarge, TooManyDecimals
from app.web.context import scope
from app.web.formats import here

_FIGURES = 15
"""So many figures before its decimals has what is read as a number at most."""


def read_number(typed: str, decimals: int, most: int | None = None) -> int:
    """Read a number that was typed in the person's language into smallest units.

    ``most`` is what the words name of one that is too long to be read; whether a shorter one is too large is for others
    to say.

    Raises:
        ValueError: It is none, is too long, or has too many decimals: in words.
    """
    try:
        return here().read(typed, decimals)
    except TooLarge:
        largest = (10**_FIGURES - 1) * 10**decimals if most is None else most
        raise ValueError(_("Write a number up to %(most)s.", most=here().plain(largest, decimals))) from None
    except NotANumber as problem:
        raise ValueError(
            _("This is no number here. Write it like this: %(example)s.", example=problem.example)
        ) from None
    except TooManyDecimals as problem:
        raise ValueError(few_decimals(problem.decimals)) from None


def few_decimals(decimals: int) -> str:
    """Say how many decimals may be written."""
    return _("Write at most %(count)s decimals.", count=decimals) if decimals else _("Write a whole number.")


def range_words(least: int, most: int, decimals: int) -> str:
    """Say from where to where a number may be, given in smallest units."""
    write = here().plain
    return _(
        "Write a number from %(least)s to %(most)s.",
        least=write(least, decimals),
        most=write(most, decimals),
    )


def read_between(typed: str, decimals: int, least: int, most: int) -> int:
    """Read a number as `read_number`, and refuse what lies outside of ``least`` and ``most``, in smallest units.

    Raises:
        ValueError: In words.
    """
    number = read_number(typed, decimals, most)
    if not least <= number <= most:
        raise ValueError(range_words(least, most, decimals))
    return number


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

    def places(self) -> int:
        """Tell how many decimals may be typed."""
        return self.decimals()

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read what was typed; what cannot be read keeps standing in the field, with the reason beside it."""
        self.data = None
        if not valuelist or not valuelist[0].strip():
            self.raw_data = []  # spaces fill in nothing: whether that may be is for `InputRequired` to say
            return
        limits = next((one for one in self.validators if isinstance(one, Between)), None)
        self.data = read_number(valuelist[0], self.decimals(), None if limits is None else limits.range_of(self)[1])

    def pre_validate(self, form: Any) -> None:
        """Refuse decimals that the field could keep, and what is meant has not.

        Raises:
            StopValidation: In words.
        """
        if self.data is not None and self.data % 10 ** (self.decimals() - self.places()):
            raise StopValidation(few_decimals(self.places()))

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else here().figure(int(self.data), self.decimals())


class CountField(_NumberField):
    """A whole number."""

    def decimals(self) -> int:
        """Tell that it has none."""
        return 0


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
        return here().plain(int(self.data), self.decimals())


class ShareField(_NumberField):
    """A share in per cent; ``data`` is in hundredths of a per cent, the basis points."""

    def decimals(self) -> int:
        """Tell how fine a share may be."""
        return 2

    def _value(self) -> str:
        if self.raw_data or self.data is None:
            return super()._value()
        return here().plain(int(self.data), self.decimals())


class ExactField(_NumberField):
    """A number as a programme file has it, with up to six decimals; ``data`` is in millionths.

    ``fits`` tells how many decimals it may have, where that hangs on what else the form says.
    """

    fits: Callable[[], int] | None = None

    def decimals(self) -> int:
        """Tell how fine a rate may be."""
        return 6

    def places(self) -> int:
        """Tell how many decimals what is meant has."""
        return self.decimals() if self.fits is None else self.fits()

    def _value(self) -> str:
        if self.raw_data or self.data is None:
            return super()._value()
        return here().plain(int(self.data), self.decimals())


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
        least, most = self.range_of(field)
        if not least <= field.data <= most:
            raise StopValidation(range_words(least, most, field.decimals()))

    def range_of(self, field: Any) -> tuple[int, int]:
        """Give the least and the most of a field, in its smallest units; finer than may be typed is neither."""
        least = self._least() if callable(self._least) else self._least
        most = self._most() if callable(self._most) else self._most
        step = 10 ** (field.decimals() - field.places())
        return -(-least // step) * step, most // step * step


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
