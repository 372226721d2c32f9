"""Reads an e-invoice: tells its format by what is in it, never by its name, and gives what it says."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace

from lxml import etree

from verification.einvoices import fa
from verification.einvoices.invoice import EInvoice, NotAnEInvoice, reason
from verification.einvoices.xml import parse

Reader = Callable[[etree._Element], EInvoice]

_READERS: Mapping[str, Reader] = {
    f"{{{fa.FA_2}}}Faktura": fa.read,
    f"{{{fa.FA_3}}}Faktura": fa.read,
}
"""By the root's name, with its namespace."""


def read(data: bytes, file_name: str) -> EInvoice:
    """Give what an e-invoice says.

    Args:
        data: the file.
        file_name: what the person calls it; where it is a KSeF number, the invoice is kept under that.

    Raises:
        NotAnEInvoice: It is something else.
        BadEInvoice: It is one, and cannot be used; the problems say why.
    """
    root = parse(data)
    reader = _READERS.get(root.tag)
    if reader is None:
        raise NotAnEInvoice([reason("not_an_e_invoice", "block", found=etree.QName(root).localname)])
    return replace(reader(root), sha256=hashlib.sha256(data).digest())
