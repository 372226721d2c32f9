"""Tax by date: what a participant was to the tax office and since when, changes of rules before they hold, papers."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.marks import APPEND_ONLY
from app.db.types import Big, Id, Instant, LongText, Named, ShortText
from app.domain.states import TaxChangeKind, TaxStatus
from app.models.base import Base
from app.models.drafted import Drafted, lives


class TaxStatusChange(Base):
    """From a day on a distributor is this to the tax office. Of two that begin on one day the later one holds.

    The present status stands on the distributor. Who never changed has no row here: it was so from the beginning.
    """

    __tablename__ = "tax_status_change"
    __table_args__ = (
        Index("ix_tax_status_change_distributor_id", "distributor_id", "from_on", "id"),
        Index("ix_tax_status_change_program_id", "program_id", "from_on"),
        CheckConstraint("(proof_sha256 is null) = (proof_name is null)", name="proof_as_a_whole"),
        {"info": {APPEND_ONLY: True}},
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributor.id", ondelete="RESTRICT"))
    from_on: Mapped[dt.date | None] = mapped_column(comment="none: from the beginning")
    status: Mapped[TaxStatus] = mapped_column(Named(TaxStatus))
    reason: Mapped[LongText | None] = mapped_column(comment="why, and what shows it, in somebody's words")
    proof_sha256: Mapped[bytes | None] = mapped_column(LargeBinary, comment="of the file that shows it")
    proof_name: Mapped[LongText | None]
    noted_at: Mapped[Instant]
    noted_by: Mapped[LongText | None] = mapped_column(comment="a person's sign-in name; none: a file or the machine")


class TaxChange(Drafted, Base):
    """A change of a programme's tax rules: drafted, tried on the bench, and published, by a second person if asked."""

    __tablename__ = "tax_change"
    __table_args__ = (
        Index("ix_tax_change_program_id_state_id", "program_id", "state", "id"),
        Index(
            "uq_tax_change_open",
            "program_id",
            "kind",
            "code",
            unique=True,
            postgresql_where=text("state in ('draft', 'waiting')"),
        ),
        *lives(),
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    kind: Mapped[TaxChangeKind] = mapped_column(Named(TaxChangeKind))
    code: Mapped[ShortText] = mapped_column(comment="of the rule; of the pack none")


class TaxPapers(Base):
    """The statements of a year for all participants, made together by a worker and kept as one file."""

    __tablename__ = "tax_papers"
    __table_args__ = (
        Index("ix_tax_papers_program_id_year", "program_id", "year"),
        CheckConstraint(
            "(done_at is null) = (file is null) and (file is null) = (file_sha256 is null)", name="done_as_a_whole"
        ),
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    year: Mapped[int] = mapped_column(SmallInteger)
    asked_by: Mapped[LongText]
    asked_at: Mapped[Instant]
    statements: Mapped[Big] = mapped_column(comment="that there are to be")
    written: Mapped[Big] = mapped_column(default=0, comment="so far")
    file: Mapped[LongText | None] = mapped_column(comment="below the folder of files")
    file_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    done_at: Mapped[Instant | None]
