"""Finds what an e-invoice says in its XML. Paths name elements without namespaces: the root's name told the format."""

import functools

from lxml import etree

from verification.einvoices.invoice import BadEInvoice, reason

MAX_TEXT = 500
"""Letters of a text that is kept: names and codes are shorter."""


@functools.cache
def _path(names: str) -> str:
    return "/".join(name if name in (".", "..") else f"{{*}}{name}" for name in names.split("/"))


def elements(under: etree._Element, path: str) -> list[etree._Element]:
    """Give all elements of a path."""
    found: list[etree._Element] = under.findall(_path(path))
    return found


def element(under: etree._Element, path: str) -> etree._Element | None:
    """Give the first element of a path."""
    return under.find(_path(path))


def first(under: etree._Element, *names: str) -> etree._Element | None:
    """Give the first element that has one of the names, in their order."""
    return next((one for name in names if (one := element(under, name)) is not None), None)


def own_text(of: etree._Element) -> str | None:
    """Give the text of an element with its blanks made one; none where it has none."""
    return " ".join((of.text or "").split())[:MAX_TEXT] or None


def text(under: etree._Element | None, *paths: str) -> str | None:
    """Give the first text that one of the paths has, in their order."""
    if under is None:
        return None
    return next((said for path in paths for one in elements(under, path) if (said := own_text(one)) is not None), None)


def texts(under: etree._Element, path: str) -> list[str]:
    """Give all texts of a path."""
    return [said for one in elements(under, path) if (said := own_text(one)) is not None]


def is_true(said: str | None) -> bool:
    """Say whether a text is the truth, as XML Schema writes it."""
    return said in ("true", "1")


def needed(under: etree._Element, path: str) -> str:
    """Give the text of a path that every invoice has.

    Raises:
        BadEInvoice: It has none.
    """
    said = text(under, path)
    if said is None:
        raise BadEInvoice([reason("e_invoice_lacks", "block", field=path)])
    return said


def only_invoice(root: etree._Element, path: str) -> etree._Element:
    """Give the invoice of a file that could hold several.

    Raises:
        BadEInvoice: It holds several, or none.
    """
    found = elements(root, path)
    if len(found) != 1:
        raise BadEInvoice([reason("several_invoices", "block", found=len(found))])
    return found[0]
