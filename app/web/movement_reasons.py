"""Why points moved, as the machine noted it, in words: what a person typed is shown as it was typed."""

import re

from flask_babel import gettext

_OF_RUN = re.compile(r"conversion (?P<run>[0-9]{1,18})(?P<rest>| cancelled|: the load failed)")


def movement_reason(noted: str) -> str:
    """Say why a movement was, in the reader's language where the machine noted it (`prepaid`)."""
    found = _OF_RUN.fullmatch(noted)
    if found is None:
        return noted
    run = found["run"]
    if found["rest"] == " cancelled":
        return str(gettext("Conversion run %(number)s was called off", number=run))
    if found["rest"]:
        return str(gettext("Conversion run %(number)s: the load failed", number=run))
    return str(gettext("Conversion run %(number)s", number=run))
