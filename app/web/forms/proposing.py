"""What a field proposes while somebody types: the proposals, and how many there are, in words."""

from typing import Any

from flask import Response, jsonify
from flask_babel import gettext as _
from flask_babel import ngettext


def proposed(count: int, **proposals: Any) -> Response:
    """Answer with proposals, and with the sentence that the field says of them to whoever does not see them."""
    told = ngettext("%(num)s proposal", "%(num)s proposals", count) if count else _("Nothing found")
    return jsonify(told=told, **proposals)
