"""How the attributes of fields are written: as WTForms writes them, in a tenth of the time. Forms have hundreds.

WTForms puts each attribute together by the format of a markup string, which reads the format anew for each of them.
"""

from typing import Any

from markupsafe import Markup, escape
from wtforms import widgets
from wtforms.widgets.core import clean_key  # type: ignore[attr-defined]  # its types leave it out


def attributes(**given: Any) -> Markup:
    """Write attributes in the order of their names; one that is True stands alone, one that is False is left out.

    So is an empty value of what is typed or hidden, which says nothing; that of a box to tick says what it sends.
    """
    if given.get("type") not in (None, "checkbox", "radio") and given.get("value") == "":
        del given["value"]
    written = []
    for name, value in sorted(given.items()):
        if value is True:
            written.append(clean_key(name))
        elif value is not False:
            # what is markup already may have quotes in it
            quoted = str(escape(value)).replace('"', "&quot;")
            written.append(f'{escape(clean_key(name))}="{quoted}"')
    return Markup(" ".join(written))  # noqa: S704  # all of it is escaped


def install() -> None:
    """Have every field written so."""
    widgets.core.html_params = attributes
    widgets.Input.html_params = staticmethod(attributes)  # type: ignore[method-assign]
