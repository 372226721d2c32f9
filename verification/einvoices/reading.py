"""Reads an e-invoice: tells its format by what is in it, never by its name, and gives what it says."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from lxml import etree

from app.domain.states import DocumentKind
from verification.einvoices import arithmetic, cii, fa, facturae, fattura, ksef, parties, ubl
from verification.einvoices.invoice import BadEInvoice, EInvoice, NotAnEInvoice, Reason, reason
from verification.einvoices.kinds import is_pdf, is_xml
from verification.einvoices.pdf import attached_xml
from verification.einvoices.schemas import against_schema
from verification.einvoices.signed import content_of, is_signed
from verification.einvoices.xml import parse

Reader = Callable[[etree._Element], EInvoice]

_READERS: Mapping[str, Reader] = {
    f"{{{fa.FA_2}}}Faktura": fa.read,
    f"{{{fa.FA_3}}}Faktura": fa.read,
    f"{{{ubl.INVOICE}}}Invoice": ubl.read,
    f"{{{ubl.CREDIT_NOTE}}}CreditNote": ubl.read,
    f"{{{cii.CII}}}CrossIndustryInvoice": cii.read,
    f"{{{cii.ZUGFERD_1}}}CrossIndustryDocument": cii.read,
    **{f"{{{namespace}}}FatturaElettronica": fattura.read for namespace in fattura.NAMESPACES},
    **{f"{{{namespace}}}Facturae": facturae.read for namespace in facturae.NAMESPACES},
}
"""By the root's name, with its namespace."""


_ENVELOPE = "{http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader}StandardBusinessDocument"
_MOST_NAMED = 3


def read(data: bytes, file_name: str, schemas: Path | None = None) -> EInvoice:
    """Give what an e-invoice says, and what is wrong with it.

    Args:
        data: the file.
        file_name: what the person calls it; where it is a KSeF number, the invoice is kept under that.
        schemas: a folder of schemas, against which an invoice is held that one of them is for.

    Raises:
        NotAnEInvoice: It is something else.
        BadEInvoice: It is one, and cannot be used; the problems say why.
    """
    if is_signed(data):
        said = _read_xml(content_of(data), file_name.removesuffix(".p7m"), schemas)
        return replace(said, problems=(*said.problems, reason("signature_not_verified", "note")))
    if not is_pdf(data):
        if not is_xml(data):
            raise NotAnEInvoice([reason("neither_xml_nor_pdf", "block")])
        return _read_xml(data, file_name, schemas)
    problems: list[Reason] = []
    bad: BadEInvoice | None = None
    for is_named, xml in attached_xml(data):
        try:
            return _read_xml(xml, file_name, schemas)
        except NotAnEInvoice as other:
            problems += other.problems
        except BadEInvoice as broken:
            if is_named:
                raise  # it is the invoice, whatever else is attached
            bad = bad or broken
    if bad is not None:
        raise bad
    raise NotAnEInvoice(problems or [reason("pdf_without_invoice", "block")])


def _read_xml(data: bytes, file_name: str, schemas: Path | None) -> EInvoice:
    root = _unwrapped(parse(data))
    reader = _READERS.get(root.tag)
    if reader is None:
        raise NotAnEInvoice([reason("not_an_e_invoice", "block", found=etree.QName(root).localname)])
    faults = tuple(against_schema(root, schemas)) if schemas is not None else ()
    said = replace(reader(root), sha256=hashlib.sha256(data).digest(), ksef_number=ksef.number_in(file_name))
    return replace(said, problems=(*faults, *said.problems, *_findings(said)))


def _unwrapped(root: etree._Element) -> etree._Element:
    """Take an invoice out of the envelope in which networks such as Peppol carry it."""
    if root.tag != _ENVELOPE:
        return root
    return next((one for one in root if one.tag in _READERS), root)


def _findings(said: EInvoice) -> Iterator[Reason]:
    if not said.lines:
        yield reason("no_lines", "review")
    if said.corrects and said.kind is DocumentKind.INVOICE:
        yield reason("refers_to_another", "review", found=", ".join(said.corrects[:_MOST_NAMED]))
    yield from arithmetic.findings(said)
    yield from parties.findings(said)
    if said.ksef_number is not None:
        yield from ksef.number_findings(said.ksef_number, said)
