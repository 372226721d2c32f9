"""Schemas: whether an e-invoice is written as its format demands, where the installation has the format's schema.

The schemas are their publishers' and not part of Kontor. Whoever runs it puts them into a folder; each is found by the
namespace that it is for, and what it imports is taken from the same folder, wherever it says that lies.
"""

import functools
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from lxml import etree

from verification.einvoices.invoice import Reason, reason

MOST_SHOWN = 5
"""Faults that are told of one invoice."""

_ALONE = threading.Lock()
"""A schema keeps the faults of the last invoice it saw: one at a time."""


class SchemaUnusable(RuntimeError):
    """A schema of the folder cannot be used: no fault of the invoice."""


def against_schema(root: etree._Element, folder: Path) -> Iterator[Reason]:
    """Say where an invoice is not as the schema of its namespace demands; nothing where the folder has none.

    Raises:
        SchemaUnusable: The schema itself is broken, or imports what the folder does not have.
    """
    path = _schemas(folder, _changed_at(folder)).get(etree.QName(root).namespace or "")
    if path is None:
        return
    schema = _compiled(path, path.stat().st_mtime_ns)
    with _ALONE:
        faults = [] if schema.validate(root) else list(schema.error_log)[:MOST_SHOWN]
    for fault in faults:
        yield reason("not_as_schema_demands", "review", line=fault.line, found=fault.message[:300])


def _changed_at(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except OSError as problem:
        raise SchemaUnusable(f"{folder}: {problem.strerror}") from None


@functools.lru_cache(maxsize=4)
def _schemas(folder: Path, changed_at: int) -> Mapping[str, Path]:
    """Give the schemas of a folder by the namespace that they are for; of two, the later name."""
    found = {}
    for path in sorted(folder.glob("*.xsd")):
        root = _parsed(path).getroot()
        if (namespace := root.get("targetNamespace")) is not None:
            found[namespace] = path
    return found


@functools.lru_cache(maxsize=16)
def _compiled(path: Path, changed_at: int) -> etree.XMLSchema:
    try:
        return etree.XMLSchema(_parsed(path))
    except etree.XMLSchemaParseError as broken:
        raise SchemaUnusable(f"{path.name}: {broken}") from None


def _parsed(path: Path) -> "etree._ElementTree":
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True)
    parser.resolvers.add(_FromTheFolder(path.parent))
    try:
        return etree.parse(path, parser)
    except (OSError, etree.XMLSyntaxError) as broken:
        raise SchemaUnusable(f"{path.name}: {broken}") from None


class _FromTheFolder(etree.Resolver):  # type: ignore[misc]  # lxml carries no types
    """Takes whatever a schema imports from its own folder, by the last part of its address."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def resolve(self, url: str | None, public_id: str | None, context: object) -> object:
        name = PurePosixPath(urlsplit(url or "").path).name
        return self.resolve_filename(str(self._folder.joinpath(name)), context)
