"""The process that opens a PDF, a fork of `app.local.fork_server`: the file that it is handed has the PDF.

It gives what is XML among the attachments, each behind its length and a byte that says whether it has the name of an
invoice, those first; or a word that says why it gives nothing.
"""

import os
import sys
from collections.abc import Iterator, Sequence

import pypdfium2
from pypdfium2.raw import FPDF_ERR_PASSWORD

from app.local.walls import shut_in
from verification.einvoices.kinds import is_xml
from verification.einvoices.limits import LARGEST_XML_MIB, PDF_CPU_SECONDS, PDF_MEMORY_MIB, PDF_REFUSED

_MOST_ATTACHMENTS = 100
_MOST_XML = 8
_NAMES = ("factur-x.xml", "xrechnung.xml", "zugferd-invoice.xml")
"""Under which the standards have an invoice attached: whatever else is, this is the invoice."""


def main(arguments: Sequence[str]) -> int:
    """Read a PDF from an open file, and write what is found in its place: ``[DESCRIPTOR, PARENT]``."""
    descriptor, parent = map(int, arguments)
    shut_in(parent, memory_mb=PDF_MEMORY_MIB, cpu_seconds=PDF_CPU_SECONDS)
    with os.fdopen(descriptor, "r+b") as file:
        try:
            found = list(_attached(file.read()))
        except pypdfium2.PdfiumError as problem:
            sys.stdout.write("locked" if problem.err_code == FPDF_ERR_PASSWORD else "broken")
            return PDF_REFUSED
        file.seek(0)
        file.truncate()
        for is_named, xml in sorted(found, key=lambda one: not one[0]):
            file.write(len(xml).to_bytes(8) + bytes([is_named]) + xml)
    return 0


def _attached(pdf: bytes) -> Iterator[tuple[bool, bytes]]:
    document, found = pypdfium2.PdfDocument(pdf), 0
    for at in range(min(document.count_attachments(), _MOST_ATTACHMENTS)):
        try:
            attachment = document.get_attachment(at)
            content = bytes(attachment.get_data())
        except pypdfium2.PdfiumError:
            continue  # an attachment without content
        if found < _MOST_XML and is_xml(content):
            found += 1
            # no more of it than shows that it is too large
            yield attachment.get_name().casefold() in _NAMES, content[: (LARGEST_XML_MIB << 20) + 1]
