"""The job table: the record of work. Redis only wakes workers."""

from typing import Any

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.types import Id, Instant, LongText, Named, ShortText
from app.domain.states import JobState
from app.models.base import Base


class Job(Base):
    """Work that somebody holds by a lease. A new holder has a higher token; the old one's writes are refused."""

    __tablename__ = "job"
    __table_args__ = (
        Index("uq_job_key", "key", unique=True),
        Index("ix_job_unfinished", "lane", "position", "id", postgresql_where=text("state <> 'done'")),
    )

    id: Mapped[Id]
    kind: Mapped[ShortText] = mapped_column(comment="names the function that does it")
    key: Mapped[LongText] = mapped_column(comment="what makes it the same job when asked for twice")
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    lane: Mapped[LongText | None] = mapped_column(comment="jobs of one lane run one after the other")
    position: Mapped[int] = mapped_column(default=0, comment="order within the lane")
    state: Mapped[JobState] = mapped_column(Named(JobState))
    token: Mapped[int] = mapped_column(BigInteger, default=0, comment="rises with every claim: the fence")
    failures: Mapped[int] = mapped_column(default=0, comment="times its function raised")
    lease_until: Mapped[Instant | None]
    progress: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    error: Mapped[LongText | None]
    created_at: Mapped[Instant] = mapped_column(server_default=text("now()"))
    finished_at: Mapped[Instant | None]
