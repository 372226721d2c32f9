"""A change of tax rules and the statements of a year, for tests of pages."""

import datetime as dt
import zipfile
from pathlib import Path

from sqlalchemy.orm import Session

from app.domain.states import TaxChangeKind
from app.models.programs import Program
from app.models.tax import TaxPapers
from app.services.setup import tax_changes


def put_tax(session: Session, program: Program, files: Path, word: str, now: dt.datetime) -> tuple[int, int]:
    """Draft a rule, and keep an archive of statements; the numbers of both."""
    rule = {
        "code": "OTHER-TAX",
        "title": f"{word} rule",
        "applies_to": ["business_friend"],
        "reward_kinds": ["cash"],
        "rate_bp": 500,
        "borne_by": "participant",
        "legal": f"{word} law",
    }
    who = f"{word}@x.example"
    change = tax_changes.put(session, program, TaxChangeKind.RULE, "OTHER-TAX", rule, actor=who, now=now)
    file = f"tax/{program.code}-papers.zip"
    (files / "tax").mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(files / file, "w") as archive:
        archive.writestr("statement.txt", f"{word} paper")
    papers = TaxPapers(
        program_id=program.id,
        year=now.year,
        asked_by=who,
        asked_at=now,
        statements=1,
        written=1,
        file=file,
        file_sha256=b"1",
        done_at=now,
    )
    session.add(papers)
    session.flush()
    return change.id, papers.id
