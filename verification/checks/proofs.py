"""Checks of the proofs that come with a document: the same file, or a picture that looks like another."""

from collections.abc import Iterator

import numpy as np

from app.domain.program_file.verification_settings import Severity, Tuned
from verification.checks.facts import Facts, Finding, Proofs

_MINUTE = np.timedelta64(60, "s")
_AT_ONCE = 256
"""Pictures compared at once with all that are known."""


def e_invoice_contradicts(facts: Facts, _: Tuned) -> Iterator[Finding]:
    """Find e-invoices that contradict themselves, or cannot be what they say; what was only noted is none."""
    for at, noted in enumerate(() if facts.noted is None else facts.noted.tolist()):
        grave = sum(one["severity"] != Severity.NOTE for one in noted or ())
        if grave:
            yield Finding(at, {"count": grave})


def same_file(facts: Facts, _: Tuned) -> Iterator[Finding]:
    """Find proofs that are the proof of another document already; another total beside the same file is tampering."""
    known = {file: at for at, file in enumerate(facts.history.proofs.file.tolist())}
    net = facts.sales.net_of_documents()
    seen: dict[bytes, int] = {}
    for at, file in zip(facts.proofs.document.tolist(), facts.proofs.file.tolist(), strict=True):
        if file in known:
            like = int(facts.history.proofs.document[known[file]])
            yield Finding(at, {"document": like, "other_total": facts.history.totals[like] != int(net[at])})
        elif seen.setdefault(file, at) != at:
            yield Finding(at, {"number": facts.sales.documents.number[seen[file]]})


def pdf_changed(facts: Facts, tuned: Tuned) -> Iterator[Finding]:
    """Find PDFs that were changed more than ``limit`` minutes after they were made: invoices are written once."""
    pdfs = facts.pdfs
    # what is not known compares as false
    for place in np.flatnonzero(pdfs.changed_at > pdfs.made_at + tuned.limit * _MINUTE).tolist():
        told = {"made": _moment(pdfs.made_at[place]), "changed": _moment(pdfs.changed_at[place])}
        yield Finding(int(pdfs.document[place]), told | {"found": pdfs.maker[place] or "-"})


def pdf_before_issue(facts: Facts, tuned: Tuned) -> Iterator[Finding]:
    """Find PDFs that were made more than ``days`` before the day that their invoice says."""
    pdfs = facts.pdfs
    issued = facts.sales.documents.issued_on[pdfs.document]
    for place in np.flatnonzero(
        pdfs.made_at.astype("datetime64[D]") < issued - np.timedelta64(tuned.days, "D")
    ).tolist():
        told = {"made": _moment(pdfs.made_at[place]), "issued_on": str(issued[place])}
        yield Finding(int(pdfs.document[place]), told | {"found": pdfs.maker[place] or "-"})


def _moment(at: np.datetime64) -> str:
    return str(at.astype("datetime64[m]")).replace("T", " ")


def same_picture(facts: Facts, tuned: Tuned) -> Iterator[Finding]:
    """Find pictures of which at most ``limit`` of 64 bits differ from another document's picture."""
    yield from _looks(facts, -1, tuned.limit)


def picture_alike(facts: Facts, tuned: Tuned) -> Iterator[Finding]:
    """Find pictures of which six to ``limit`` of 64 bits differ from another document's picture."""
    yield from _looks(facts, SURELY, tuned.limit)


SURELY = 5
"""Pictures of which no more bits differ are one picture."""


def _looks(facts: Facts, above: int, most: int) -> Iterator[Finding]:
    mine, known = facts.proofs, facts.history.proofs
    pictures = np.flatnonzero(mine.has_look)
    others = np.flatnonzero(known.has_look)
    told: set[int] = set()
    for start in range(0, len(pictures), _AT_ONCE):
        some = pictures[start : start + _AT_ONCE]
        differ = differing(mine, some, known, others)
        for row, column in np.argwhere((differ > above) & (differ <= most)).tolist():
            at, like = int(mine.document[some[row]]), int(others[column])
            if at not in told and mine.file[some[row]] != known.file[like]:
                told.add(at)
                yield Finding(at, {"document": int(known.document[like]), "bits": int(differ[row, column])})


def differing(mine: Proofs, some: np.ndarray, known: Proofs, others: np.ndarray) -> np.ndarray:
    """Count the bits in which pictures differ: one row for each of some, one column for each of the others."""
    bits: np.ndarray = np.bitwise_count(
        mine.look[some].view(np.uint64)[:, None] ^ known.look[others].view(np.uint64)[None, :]
    )
    return bits
