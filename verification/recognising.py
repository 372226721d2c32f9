"""Recognising documents that are here already (rules.md 9): the same, changed, or refused before."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import any_, bindparam, case, func, null, select, text, true, union_all
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import Text

from app.db.prepared import Prepared
from app.domain.documents.sales import Flags, Sales, told
from app.domain.measures.exact import Ints, order_of
from app.domain.states import DocumentStatus
from app.models.claims import Claim
from app.models.sales import Decision, SalesDocument

NEW, SAME, CHANGED = 0, 1, 2
_PLACES = ("outlet", "channel")


def content_hashes(sales: Sales) -> list[bytes]:
    """Hash what each document says, its lines in any order: their product, quantity, price, amounts and discount.

    Of the document itself the date, what it corrects, and where and by whom was sold; of lines what they correct, and
    where they were sold, where it is something else. Of a document that was sold in several places the lines alone say
    where: which of them came first is nothing that it says. The time of day is left out: a column whose times are all
    midnight tells none, so a part of a file may say less than the whole.
    """
    lines, documents = sales.lines, sales.documents
    said = (
        lines.product_id,
        lines.quantity_milli,
        lines.unit_price_micro,
        lines.net_minor,
        lines.gross_minor,
        lines.discounted,
    )
    order = order_of(lines.document, *said)
    block = np.stack([column[order] for column in said], axis=1).astype("<i8")
    data = memoryview(block.tobytes())
    bounds = (
        np.searchsorted(lines.document[order], np.arange(len(sales.documents) + 1)) * block.itemsize * block.shape[1]
    )
    days = documents.issued_on.astype("datetime64[D]").astype("<i8").tolist()
    edges = bounds.tolist()
    keyed = {day: day.to_bytes(8, "little", signed=True) for day in set(days)}
    hashes = [
        hashlib.blake2b(data[first:last], digest_size=16, key=keyed[day])
        for first, last, day in zip(edges[:-1], edges[1:], days, strict=True)
    ]
    spread = np.zeros(len(documents), dtype=bool)
    spread[lines.document[sales.says_for_itself()]] = True
    for name in ("corrects", "outlet", "channel", "person"):
        texts = getattr(documents, name)
        says = told(texts)
        for at in np.flatnonzero(says & ~spread if name in _PLACES else says).tolist():
            hashes[at].update(f"{name}={texts[at]}\0".encode())
    if lines.corrects is not None:
        by_line = zip(*(column.tolist() for column in (lines.document, *said, lines.corrects)), strict=True)
        for at, *of_line in sorted(one for one in by_line if one[-1] is not None):
            hashes[at].update(f"line={of_line}\0".encode())
    if spread.any():
        for at, *of_line in _placed(sales, np.flatnonzero(spread[lines.document]), said):
            hashes[at].update(f"placed={of_line}\0".encode())
    return [one.digest() for one in hashes]


def _placed(sales: Sales, at: Ints, said: Sequence[np.ndarray]) -> list[tuple[Any, ...]]:
    """Say of some lines whose they are, what they say, and where they were sold, in an order that is theirs alone."""
    document = sales.lines.document[at]
    texts = []
    for name in ("corrects", *_PLACES):
        of_lines, of_documents = getattr(sales.lines, name), getattr(sales.documents, name)[document]
        own = [None] * len(at) if of_lines is None else of_lines[at].tolist()
        pairs = zip(own, of_documents.tolist(), strict=True)
        texts.append([mine or whole or "" for mine, whole in pairs])
    return sorted(zip(document.tolist(), *(column[at].tolist() for column in said), *texts, strict=True))


@dataclass(frozen=True)
class Known:
    """What is here already, document by document: nothing, the same, or something else under the same key.

    ``others`` marks documents that are here as another distributor's. ``refused`` has what was refused before and is
    refused still, by key and content: whether a person refused it.
    """

    state: Ints
    document_id: Ints
    others: Flags
    refused: dict[tuple[str, bytes], bool]

    def refused_before(self, keys: list[str], hashes: list[bytes], refused: Flags) -> Flags:
        """Mark the documents that were refused before with the same content, and are refused again.

        What a check refused may pass it today (the programme's dates were extended); what a person refused stays
        refused, however often its file is imported.
        """
        again = np.zeros(len(keys), dtype=bool)
        if self.refused:
            by_person = [self.refused.get(one) for one in zip(keys, hashes, strict=True)]
            again[:] = [one is not None and (one or now) for one, now in zip(by_person, refused.tolist(), strict=True)]
        return again


_registered_for = (
    select(func.coalesce(Claim.person, ""))
    .where(Claim.document_id == SalesDocument.id)
    .correlate(SalesDocument)
    .scalar_subquery()
)
"""For whom a document was registered, nobody by name: the company. Its claim goes along with what takes its place."""
_corrected_for = case((SalesDocument.source == "import", _registered_for))
"""The same of what a file corrected and was refused; a claim that was refused says nothing of files."""
_found = select(
    SalesDocument.document_key, SalesDocument.id, SalesDocument.content_hash, SalesDocument.distributor_id
).where(
    SalesDocument.program_id == bindparam("program"),
    SalesDocument.document_key == any_(bindparam("keys", type_=ARRAY(Text))),
)
_by_person = (
    select(Decision.id)
    .where(Decision.document_id == SalesDocument.id, Decision.becomes == DocumentStatus.REFUSED)
    .exists()
)
_in_part = (
    select(Decision.id)
    .where(Decision.document_id == SalesDocument.id, Decision.becomes == DocumentStatus.SUPERSEDED)
    .exists()
)
_HERE = Prepared(
    union_all(
        # the states as the partial indexes say them, for the indexes to be used
        _found.add_columns(_registered_for, null().label("by_person")).where(text("status in (1, 2)")),
        _found.add_columns(_corrected_for, _by_person.label("by_person")).where(text("status = 3")),
        # of which a person accepted a part: the rest of it was refused
        _found.add_columns(null(), true().label("by_person")).where(text("status = 4"), _in_part),
    )
)


@dataclass(frozen=True)
class Here:
    """The documents that have some keys, as they were found."""

    keys: list[str]
    rows: Sequence[Sequence[Any]]

    def registered_for(self) -> dict[str, str]:
        """Give for whom documents were registered, by key; empty: for the company.

        Of what counts and what was refused, what counts says it.
        """
        refused_first = sorted(self.rows, key=lambda row: row[-1] is None)
        return {key: person for key, *_, person, _decided in refused_first if person is not None}

    def registered(self) -> Flags:
        """Mark the keys whose documents were registered: somebody claimed those sales."""
        claimed = self.registered_for()
        return np.asarray([key in claimed for key in self.keys], dtype=bool)

    def known(self, hashes: list[bytes], distributor_id: Ints) -> Known:
        """Tell by their hashes and distributors what documents with these keys are."""
        return _known(self.rows, self.keys, hashes, distributor_id)


def ask(session: Session, program_id: int, keys: list[str]) -> Callable[[], Here]:
    """Ask for the documents that have these keys.

    Within `app.db.driver.together` what is asked is on its way meanwhile.
    """
    finding = _HERE.ask(session, program=program_id, keys=keys)
    return lambda: Here(keys, finding())


def _known(found: Sequence[Sequence[Any]], keys: list[str], hashes: list[bytes], distributor_id: Ints) -> Known:
    position = {key: at for at, key in enumerate(keys)}
    known = Known(
        state=np.full(len(keys), NEW, dtype=np.int64),
        document_id=np.zeros(len(keys), dtype=np.int64),
        others=np.zeros(len(keys), dtype=bool),
        refused={},
    )
    for key, id_, content, owner, _person, decided in found:
        if decided is not None:
            known.refused[key, content] = known.refused.get((key, content), False) or decided
            continue
        at = position[key]
        known.others[at] = owner != distributor_id[at]
        known.state[at] = SAME if content == hashes[at] and not known.others[at] else CHANGED
        known.document_id[at] = id_
    return known
