"""What a file is, told by how it begins."""

_BEFORE_XML = (b"<", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
"""A tag, or a mark that says how what follows is encoded."""
_BEGINS_WITHIN = 1_024


def is_xml(data: bytes) -> bool:
    """Tell what may be XML."""
    return data[:_BEGINS_WITHIN].lstrip().startswith(_BEFORE_XML)


def is_pdf(data: bytes) -> bool:
    """Tell a PDF: its first word may stand a little way in."""
    return b"%PDF-" in data[:_BEGINS_WITHIN]
