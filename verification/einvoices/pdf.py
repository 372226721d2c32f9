"""PDFs with an invoice inside, as Factur-X and ZUGFeRD make them: what is XML among their attachments.

A PDF is opened by a large library in C, in a process of its own (decision 20).
"""

import os
import signal
import subprocess

from app.local.walls import BARE, command
from verification.einvoices.invoice import BadEInvoice, NotAnEInvoice, reason
from verification.einvoices.limits import LARGEST_PDF_MIB, PDF_REFUSED, PDF_SECONDS, in_mib

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
    try:
        done = subprocess.run(
            command("verification.einvoices.pdf_reader", str(os.getpid())),
            input=pdf,
            capture_output=True,
            timeout=PDF_SECONDS,
            check=False,
            cwd="/",
            env=BARE,
            start_new_session=True,  # Ctrl-C is for whoever called us
        )
    except subprocess.TimeoutExpired:
        raise BadEInvoice([reason("pdf_too_costly", "block")]) from None
    if done.returncode == PDF_REFUSED:
        raise NotAnEInvoice([reason(f"pdf_{done.stdout.decode()}", "block")])
    if done.returncode:
        raise _problem(done)
    return _parted(done.stdout)


def _parted(given: bytes) -> list[tuple[bool, bytes]]:
    found, at = [], 0
    while at < len(given):
        length = int.from_bytes(given[at : at + _LENGTH])
        begins = at + _LENGTH + 1
        found.append((bool(given[begins - 1]), given[begins : begins + length]))
        at = begins + length
    return found


def _problem(done: "subprocess.CompletedProcess[bytes]") -> Exception:
    """Tell why the process ended as it did."""
    said = done.stderr.decode(errors="replace")[-1_000:]
    if "ImportError" in said or "ModuleNotFoundError" in said:
        return RuntimeError(f"the reader of PDFs does not start: {said}")
    if -done.returncode in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        return RuntimeError("the reader of PDFs was ended by somebody")
    return BadEInvoice([reason("pdf_too_costly", "block")])
