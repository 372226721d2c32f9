"""What every part of a programme's document is made of: numbers, codes, words and dates as people write them."""

import datetime as dt
import decimal
import re
from decimal import Decimal
from typing import Annotated, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

T = TypeVar("T")

TOO_LARGE = 10**12
"""No number of a document is as large as this."""


class Part(BaseModel):
    """A part of the document: unknown keys are errors, and nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def each_once(items: list[T]) -> list[T]:
    """Refuse a list in which something stands twice."""
    twice = next((one for one in items if items.count(one) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice!r} stands there twice")
    return items


def _as_decimal(value: object) -> Decimal:
    """Read a number without ever passing through a float."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise ValueError('expected a number, written as 5 or "0.50"')
    try:
        number = Decimal(value)
    except decimal.InvalidOperation:
        raise ValueError(f'expected a number, written as 5 or "0.50", found {value!r}') from None
    if not number.is_finite():
        raise ValueError(f"expected a finite number, found {value!r}")
    if abs(number) >= TOO_LARGE:
        raise ValueError(f"{value!r} is larger than 1,000,000,000,000: no programme needs that")
    return number


def _as_text(value: object) -> object:
    """Let a code that looks like a number stand without quotes."""
    return str(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value


def _trimmed(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return value.strip()


_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def _as_date(value: object) -> object:
    if isinstance(value, dt.datetime) or (isinstance(value, str) and not _ISO_DATE.fullmatch(value)):
        raise ValueError(f"expected a date such as 2025-12-31, found {str(value)!r}")
    return value


_NumberAsWritten = BeforeValidator(_as_decimal), PlainSerializer(str, return_type=str, when_used="json-unless-none")


def _written(pattern: str, **limits: int) -> WithJsonSchema:
    """Say in the schema how a number may be written: as one, or as text, whose digits no reader rounds."""
    return WithJsonSchema({"anyOf": [{"type": "number", **limits}, {"type": "string", "pattern": pattern}]})


Number: TypeAlias = Annotated[Decimal, *_NumberAsWritten, _written(r"^-?[0-9]+(\.[0-9]+)?$")]
NotNegative: TypeAlias = Annotated[Decimal, *_NumberAsWritten, Field(ge=0), _written(r"^[0-9]+(\.[0-9]+)?$", minimum=0)]
Positive: TypeAlias = Annotated[
    Decimal, *_NumberAsWritten, Field(gt=0), _written(r"^(?=.*[1-9])[0-9]+(\.[0-9]+)?$", exclusiveMinimum=0)
]
_TextAsWritten = BeforeValidator(_as_text), AfterValidator(_trimmed)
LONGEST_CODE = 64
Code: TypeAlias = Annotated[
    str,
    *_TextAsWritten,
    Field(max_length=LONGEST_CODE),
    WithJsonSchema({"type": ["string", "number"], "maxLength": LONGEST_CODE}),
]
Words: TypeAlias = Annotated[
    str, *_TextAsWritten, Field(max_length=500), WithJsonSchema({"type": ["string", "number"], "maxLength": 500})
]
Date: TypeAlias = Annotated[dt.date, BeforeValidator(_as_date)]
