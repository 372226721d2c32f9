"""A programme: its settings, and every document that was loaded for it."""

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, SmallInteger, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.marks import APPEND_ONLY, KEPT
from app.db.types import Big, Id, Instant, LongText, ShortText
from app.models.base import Base


class Program(Base):
    """One sponsor's programme; everything else belongs to one of these."""

    __tablename__ = "program"
    __table_args__ = {
        "info": {
            # not the code, the currency and the decimals of its amounts: those are chosen once
            KEPT: (
                "name",
                "sponsor",
                "country",
                "time_zone",
                "locale",
                "starts_on",
                "ends_on",
                "point_value_micro",
                "settings",
                "tax",
                "prepaid",
                "rewards",
                "import_profiles",
                "stacks",
                "rules_stamp",
            )
        }
    }

    id: Mapped[Id]
    code: Mapped[ShortText] = mapped_column(unique=True)
    name: Mapped[LongText]
    sponsor: Mapped[LongText]
    currency: Mapped[str] = mapped_column(String(3), comment="ISO 4217")
    currency_decimals: Mapped[int] = mapped_column(SmallInteger, comment="digits of a minor unit: 2 for PLN, 0 for JPY")
    country: Mapped[str] = mapped_column(String(2), comment="ISO 3166-1 alpha-2; chooses the tax rules")
    time_zone: Mapped[ShortText] = mapped_column(comment="IANA name; every date of the programme is a date there")
    locale: Mapped[ShortText]
    starts_on: Mapped[dt.date]
    ends_on: Mapped[dt.date | None]
    point_decimals: Mapped[int] = mapped_column(SmallInteger, default=0)
    point_value_micro: Mapped[Big] = mapped_column(
        comment="worth of the smallest unit of a point, in millionths of a minor unit"
    )
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="the whole `program` part of its file")
    tax: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="the `tax` part of its file")
    prepaid: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="the `prepaid` part of its file")
    rewards: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default=text("'{}'::jsonb"), comment="the `rewards` part of its file"
    )
    import_profiles: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="the `import_profiles` part of its file")
    stacks: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="policy of each stack, and the named days")
    rules_stamp: Mapped[Big] = mapped_column(default=0, comment="changes whenever rules, groups or products change")
    sample_key: Mapped[bytes] = mapped_column(
        LargeBinary, server_default=text("uuid_send(gen_random_uuid())"), comment="tells which claims are drawn"
    )
    created_at: Mapped[Instant]


class ProgramRevision(Base):
    """A programme's document, as a file or a page made it: the history of every setting."""

    __tablename__ = "program_revision"
    __table_args__ = (UniqueConstraint("program_id", "number"), {"info": {APPEND_ONLY: True}})

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    number: Mapped[int]
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    loaded_at: Mapped[Instant]
    loaded_by: Mapped[LongText]
    of_file: Mapped[bool] = mapped_column(comment="a file was loaded; otherwise a page published a part of it")


class ProgramLogo(Base):
    """The sponsor's logo: checked, small, and given out under its hash."""

    __tablename__ = "program_logo"

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="CASCADE"), primary_key=True)
    media_type: Mapped[ShortText] = mapped_column(comment="image/png, image/jpeg or image/webp")
    content: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    changed_at: Mapped[Instant]
    changed_by: Mapped[LongText]
