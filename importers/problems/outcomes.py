"""What became of a shard's lines once the gate has judged their documents: counted, and the rows that do not count."""

import numpy as np

from app.domain.program_file.verification_settings import Severity
from app.domain.states import COUNTING, DocumentStatus, Outcome, Unit
from importers.problems.problems import Problems
from verification.gate import Admission
from verification.incoming import Incoming


def outcomes(incoming: Incoming, admission: Admission) -> tuple[dict[str, int], Problems]:
    """Tell what became of each line of a shard."""
    lines = incoming.sales.lines
    per_document = np.bincount(lines.document, minlength=len(incoming.sales.documents))
    problems = Problems()
    unmatched: dict[int, set[int]] = {}
    for at, line_number in admission.unmatched_lines:
        unmatched.setdefault(at, set()).add(line_number)
    duplicates = int(per_document[admission.duplicate].sum())
    accepted = int(per_document.sum()) - duplicates
    starts = np.searchsorted(lines.document, np.arange(len(per_document) + 1))
    undecided = (admission.status != DocumentStatus.ACCEPTED) & ~admission.duplicate
    for at in np.flatnonzero(undecided).tolist():
        refused = admission.status[at] == DocumentStatus.REFUSED
        reasons = admission.reasons.get(at, [])
        # where only returned lines met no sale, the other lines of the document count
        only_returns = all(
            reason["code"] == "return_without_sale" or reason.get("severity") == Severity.NOTE for reason in reasons
        )
        for line in range(int(starts[at]), int(starts[at + 1])):
            if only_returns and int(lines.line_number[line]) not in unmatched.get(at, ()):
                continue
            accepted -= 1
            for reason in reasons:
                if reason.get("line") in (None, int(lines.line_number[line])):
                    problems.add(int(lines.source_row[line]), Outcome.REFUSED if refused else Outcome.HELD, **reason)
    stored = np.isin(admission.status, COUNTING)
    counts = {
        "documents": int(stored.sum()),
        "lines_accepted": accepted,
        "lines_held": problems.count(Outcome.HELD),
        "lines_refused": problems.count(Outcome.REFUSED),
        "duplicates": duplicates,
        "duplicate_documents": int(admission.duplicate.sum()),
        "corrected": admission.corrected,
        "points_awarded": admission.awarded[Unit.POINTS],
        "points_reversed": admission.reversed[Unit.POINTS],
        "money_awarded_minor": admission.awarded[Unit.MONEY],
        "money_reversed_minor": admission.reversed[Unit.MONEY],
    }
    return counts, problems
