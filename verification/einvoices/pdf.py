"""PDFs with an invoice inside, as Factur-X and ZUGFeRD make them: what is XML among their attachments.

A PDF is opened by a large library in C, in a process of its own (decision 20).
"""

import signal
import tempfile

from app.local.forking import Ended, Readers
from verification.einvoices.invoice import BadEInvoice, NotAnEInvoice, reason
from verification.einvoices.limits import LARGEST_PDF_MIB, PDF_REFUSED, PDF_SECONDS, in_mib

_READERS = Readers("verification.einvoices.pdf_reader")
_LENGTH = 8


def attached_xml(pdf: bytes) -> list[tuple[bool, bytes]]:
    """Give what is XML among the attachments of a PDF, each with whether it is named as an invoice is; those first.

    Raises:
        NotAnEInvoice: It cannot be opened.
        BadEInvoice: It is larger than may be, or takes more memory or time.
        RuntimeError: The reader does not start: no fault of the file.
    """
    if len(pdf) > LARGEST_PDF_MIB << 20:
        raise BadEInvoice([reason("pdf_too_large", "block", found=in_mib(len(pdf)), most=LARGEST_PDF_MIB)])
    with tempfile.TemporaryFile(prefix="kontor-pdf-") as handed:
        handed.write(pdf)
        handed.seek(0)
        try:
            done = _READERS.run(handed.fileno(), seconds=PDF_SECONDS)
        except TimeoutError:
            raise BadEInvoice([reason("pdf_too_costly", "block")]) from None
        if done.code == PDF_REFUSED:
            raise NotAnEInvoice([reason(f"pdf_{done.said}", "block")])
        if done.code:
            raise _problem(done)
        handed.seek(0)
        return _parted(handed.read())


def _parted(given: bytes) -> list[tuple[bool, bytes]]:
    found, at = [], 0
    while at < len(given):
        length = int.from_bytes(given[at : at + _LENGTH])
        begins = at + _LENGTH + 1
        found.append((bool(given[begins - 1]), given[begins : begins + length]))
        at = begins + length
    return found


def _problem(done: Ended) -> Exception:
    """Tell why the process ended as it did."""
    if -done.code in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        return RuntimeError("the reader of PDFs was ended by somebody")
    return BadEInvoice([reason("pdf_too_costly", "block")])
