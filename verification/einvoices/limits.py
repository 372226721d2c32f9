"""How much of an e-invoice is read: far more than any invoice has, and little enough for whoever waits for it."""

from app.domain.measures.money import decimal_text

LARGEST_XML_MIB = 16
"""With all that is attached to it; the national system of Poland takes 3 MB."""
DEEPEST = 40
"""Elements within elements; the formats that are read go to about 15."""
MOST_ELEMENTS = 200_000
"""About 8,000 lines."""

LARGEST_PDF_MIB = 32
PDF_MEMORY_MIB = 1_024
PDF_CPU_SECONDS = 20
PDF_SECONDS = 60
"""By the clock: other processes want the processor too."""
PDF_REFUSED = 3
"""How the process that opens a PDF ends where it says why it cannot: ``broken``, ``locked``."""


def in_mib(count: int) -> str:
    """Write so many bytes in MiB, one decimal, rounded down."""
    return decimal_text(count * 10 >> 20, 1)
