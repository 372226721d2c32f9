"""XML from outside: no document types, no entities, nothing fetched, and no more of it than an invoice has."""

from lxml import etree

from verification.einvoices.invoice import BadEInvoice, NotAnEInvoice, reason
from verification.einvoices.limits import DEEPEST, LARGEST_XML_MIB, MOST_ELEMENTS, in_mib

_PIECE = 1 << 16


def parse(xml: bytes) -> etree._Element:
    """Read the XML of an e-invoice.

    Raises:
        NotAnEInvoice: It is no XML.
        BadEInvoice: It is broken, declares a document type, or is larger or deeper than any invoice.
    """
    if len(xml) > LARGEST_XML_MIB << 20:
        raise BadEInvoice([reason("xml_too_large", "block", found=in_mib(len(xml)), most=LARGEST_XML_MIB)])
    parser = etree.XMLPullParser(
        ("start", "end"),
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    walk = _Walk()
    try:
        for start in range(0, len(xml), _PIECE):
            parser.feed(xml[start : start + _PIECE])
            walk.on(parser)
        root = parser.close()
        walk.on(parser)
    except (etree.XMLSyntaxError, ValueError) as broken:
        walk.on(parser)  # what came before may be the better reason
        refused = NotAnEInvoice if not walk.elements else BadEInvoice
        raise refused([reason("xml_broken", "block", found=str(broken))]) from None
    return root


class _Walk:
    """Counts elements as they are read, so that what is wrong ends the reading where it stands."""

    def __init__(self) -> None:
        self.elements = 0
        self._depth = 0

    def on(self, parser: etree.XMLPullParser) -> None:
        for event, element in parser.read_events():
            if event == "end":
                self._depth -= 1
                continue
            if not self.elements:
                _refuse_doctype(element.getroottree())
            self.elements += 1
            self._depth += 1
            if self._depth > DEEPEST:
                raise BadEInvoice([reason("xml_too_deep", "block", most=DEEPEST)])
            if self.elements > MOST_ELEMENTS:
                raise BadEInvoice([reason("xml_too_many_elements", "block", most=MOST_ELEMENTS)])


def _refuse_doctype(tree: "etree._ElementTree") -> None:
    if tree.docinfo.doctype or tree.docinfo.internalDTD is not None:
        raise BadEInvoice([reason("xml_doctype", "block")])
