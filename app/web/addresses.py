"""What stands in addresses: ids and numbers that a database can hold, and addresses of our own to go on to."""

import functools
import re
from typing import Any
from urllib.parse import urlsplit

from flask import current_app, request, url_for
from werkzeug.routing import BaseConverter, IntegerConverter, ValidationError

from app.web.context import scope_or_none, settings

_LARGEST = 2**63 - 1
_LONGEST_SEARCH = 100


class IdConverter(IntegerConverter):
    """An id: what no table can have is not found, before anybody asks the database."""

    regex = r"[1-9]\d{0,18}"
    part_isolating = True

    def to_python(self, value: str) -> int:
        """Read it."""
        number = int(super().to_python(value))
        if number > _LARGEST:
            raise ValidationError
        return number


class CodeConverter(BaseConverter):
    """A programme's code.

    It fills the part between two slashes, like every converter of ours, and says so: without being told, the router
    would try the rest of an address against each of the routes that begin with a programme.
    """

    regex = r"[^/\x00-\x1f]{1,64}"
    part_isolating = True


def id_asked(name: str) -> int | None:
    """Read an id from the query; what is none counts as not given."""
    return _id(request.args.get(name, ""))


def id_sent(name: str) -> int | None:
    """Read an id from the form that was sent; what is none counts as not sent."""
    return _id(request.form.get(name, ""))


def text_asked(name: str) -> str:
    """Read words from the query, without what cannot be printed."""
    text = request.args.get(name, "")
    return "".join(letter for letter in text if letter.isprintable()).strip()[:_LONGEST_SEARCH]


def outside(endpoint: str, **values: Any) -> str:
    """Give the address of a page as it stands in a message: whole, and never made of what a browser says of us."""
    return f"{settings().address}{url_for(endpoint, **values)}"


def address(endpoint: str, **values: Any) -> str:
    """Give the address of a page, for templates: it is built once, whatever ids are filled in afterwards."""
    shape = tuple((name, _ID if type(value) is int else value) for name, value in values.items())
    first, *more = _around(request.script_root, endpoint, shape)
    return first + "".join([f"{values[name]}{further}" for name, further in more])


_ID = object()
"""Stands for an id among the values that an address was built with."""


@functools.lru_cache(maxsize=4096)
def _around(root: str, endpoint: str, shape: tuple[tuple[str, Any], ...]) -> tuple[Any, ...]:
    """Build an address below ``root``, which the request knows: how it begins, then each id with what follows it."""
    ids = [name for name, value in shape if value is _ID]
    marks = {name: _LARGEST - number for number, name in enumerate(ids)}
    names = {str(mark): name for name, mark in marks.items()}
    built = url_for(endpoint, **{name: marks.get(name, value) for name, value in shape})
    first, *more = re.split(f"({'|'.join(names)})", built) if names else [built]
    return first, *((names[mark], further) for mark, further in zip(more[::2], more[1::2], strict=True))


def leading_to(endpoint: str, parameter: str) -> tuple[str, str]:
    """Give what stands before and after an id in the address of a page: for lists, which fill in one for each row.

    The page is one of the programme that this page is about, or of its distributor, or of the platform.
    """
    values: dict[str, Any] = {parameter: _LARGEST}
    here, expects = scope_or_none(), current_app.url_map.is_endpoint_expecting
    if here is not None and expects(endpoint, "program_code"):
        values["program_code"] = here.program.code
    if here is not None and here.distributor is not None and parameter != "distributor_id":
        values |= {"distributor_id": here.distributor.id} if expects(endpoint, "distributor_id") else {}
    before, _id, after = url_for(endpoint, **values).rpartition(str(_LARGEST))
    return before, after


def our_own(target: str | None) -> str | None:
    """Give an address back if it leads to a page of ours: a link must not send anybody elsewhere after signing in."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or not target.isprintable():
        return None
    parts = urlsplit(target)
    return None if parts.scheme or parts.netloc or "\\" in target else target


def whole_number(text: str | None) -> int | None:
    """Read a whole number as our pages write them into addresses and forms; None where it is none of them.

    What is a figure somewhere in the world, and no number of ours, is none: "²" is a digit, and cannot be read as one.
    """
    if not text or not (text.isascii() and text.isdigit()) or len(text) > len(str(_LARGEST)):
        return None
    return number if (number := int(text)) <= _LARGEST else None


def _id(text: str) -> int | None:
    return whole_number(text) or None
