"""Files that somebody brought and that are not imported yet."""

from typing import Any

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.types import Big, Id, Instant, LongText, Named, ShortText
from app.domain.states import DraftState
from app.models.base import Base


class ImportDraft(Base):
    """A file on its way in: what was seen in it, and by which profile it will be read.

    Its row and its file go when somebody puts it away, or once it is imported: then it is the batch's.
    """

    __tablename__ = "import_draft"

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"), index=True)
    kind: Mapped[ShortText | None] = mapped_column(comment="none: nobody said, and the file does not tell")
    kind_said: Mapped[bool] = mapped_column(default=False, comment="whether somebody said the kind; else it is a guess")
    profile_name: Mapped[ShortText | None] = mapped_column(
        comment="reads the file; while somebody is asked, it seems to"
    )
    recognised: Mapped[bool] = mapped_column(default=False, comment="whether the profile was found, not named")
    file_name: Mapped[LongText] = mapped_column(comment="as the person named it; never a path on our disk")
    file_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    file_bytes: Mapped[Big]
    state: Mapped[DraftState] = mapped_column(Named(DraftState))
    looks: Mapped[int] = mapped_column(default=0, comment="how often it was asked to be looked at")
    seen: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), comment="what a look at it saw")
    said: Mapped[dict[str, Any] | None] = mapped_column(
        JSONB(none_as_null=True), comment="where somebody said that its table stands: sheet, row, rows of the header"
    )
    message: Mapped[LongText | None] = mapped_column(comment="why it cannot be used, or not by the profile")
    message_said: Mapped[dict[str, Any] | None] = mapped_column(
        JSONB(none_as_null=True), comment="the message as it is told in other languages: its text, and what fills it"
    )
    check_id: Mapped[int | None] = mapped_column(
        ForeignKey("import_batch.id", ondelete="RESTRICT"), index=True, comment="the dry run of it"
    )
    created_by: Mapped[LongText]
    created_at: Mapped[Instant]
