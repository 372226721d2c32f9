"""XML from outside: no document types, no entities, nothing fetched."""

from collections.abc import Iterator
from typing import IO

from lxml import etree

from app.domain.saying.wording import marked
from importers.files.containers.scan import TooWild

_ = marked


def _refuse_doctype(tree: "etree._ElementTree") -> None:
    if tree.docinfo.doctype or tree.docinfo.internalDTD is not None:
        raise TooWild(_("it declares a document type"))


def parse(xml: bytes) -> etree._Element:
    """Read a small piece of XML.

    Raises:
        TooWild: It is no well-formed XML, or declares a document type.
    """
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError) as broken:
        raise TooWild(_("its XML is broken (%(found)s)"), found=str(broken)) from None
    _refuse_doctype(root.getroottree())
    return root


def walk(file: IO[bytes], tags: tuple[str, ...]) -> Iterator[tuple[str, etree._Element]]:
    """Go through XML of any size: ``start`` and ``end`` of the elements named, which are forgotten after their end.

    Raises:
        TooWild: It is no well-formed XML, or declares a document type.
    """
    seen = False
    try:
        events = etree.iterparse(
            file,
            events=("start", "end"),
            tag=tags,
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
        )
        for event, element in events:
            if not seen:
                _refuse_doctype(element.getroottree())
                seen = True
            yield event, element
            if event == "end":
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
    except etree.XMLSyntaxError as broken:
        raise TooWild(_("its XML is broken (%(found)s)"), found=str(broken)) from None
