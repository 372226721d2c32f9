"""Rules before they are published: what somebody wrote, who asked for it to be published, and who published it."""

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.types import Id, Named, ShortText
from app.domain.states import RuleDraftSubject
from app.models.base import Base
from app.models.drafted import Drafted, lives


class RuleDraft(Drafted, Base):
    """A part of a programme's rules as it is to be."""

    __tablename__ = "rule_draft"
    __table_args__ = (
        Index("ix_rule_draft_program_id_state_id", "program_id", "state", "id"),
        Index(
            "uq_rule_draft_open",
            "program_id",
            "code",
            unique=True,
            postgresql_where=text("state in ('draft', 'waiting')"),
        ),
        *lives(),
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    subject: Mapped[RuleDraftSubject] = mapped_column(Named(RuleDraftSubject))
    code: Mapped[ShortText] = mapped_column(comment="of the rule or the matrix; of stacks and named days none")
    base_version: Mapped[int] = mapped_column(comment="the version it was made of; 0: the rule is new")
