"""A rule as it was, is and will be: its versions, what is different between them, and what each has given."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.orm import Session

from app.domain.program_file.definition import EarningRule, Matrix
from app.domain.rules.rule_changes import Change, changes
from app.models.figures import RuleMonth
from app.models.rules import EarningRule as EarningRuleRow
from app.models.rules import EarningRuleVersion
from app.services.rulebooks import definition_of


@dataclass(frozen=True)
class Version:
    """One version of a rule. ``changes`` are against the one before it; ``given`` is in the smallest unit."""

    id: int
    number: int
    valid_from: dt.date | None
    document: Mapping[str, Any]
    published_at: dt.datetime
    published_by: str
    changes: Sequence[Change]
    given: int

    @property
    def rule(self) -> EarningRule | Matrix:
        """Give how it reads."""
        return definition_of(dict(self.document))


@dataclass(frozen=True)
class History:
    """A rule with its versions, newest first. ``retired_at``: it was left out of the programme file then."""

    id: int
    code: str
    retired_at: dt.datetime | None
    versions: Sequence[Version]

    @property
    def newest(self) -> Version:
        """Give how it reads today."""
        return self.versions[0]

    @property
    def given(self) -> int:
        """Sum what all its versions have given."""
        return sum(version.given for version in self.versions)


def history_of(session: Session, rule_id: int) -> History:
    """Give a rule with all its versions. Three queries."""
    rule = session.get_one(EarningRuleRow, rule_id)
    rows = session.scalars(
        select(EarningRuleVersion).where(EarningRuleVersion.rule_id == rule_id).order_by(EarningRuleVersion.version)
    ).all()
    given = dict(
        session.execute(
            select(RuleMonth.rule_version_id, cast(func.sum(RuleMonth.amount), BigInteger))
            .where(RuleMonth.rule_version_id.in_([row.id for row in rows]))
            .group_by(RuleMonth.rule_version_id)
        ).all()
    )
    before: Mapping[str, Any] = {}
    versions = []
    for row in rows:
        versions.append(
            Version(
                row.id,
                row.version,
                row.valid_from,
                row.definition,
                row.published_at,
                row.published_by,
                changes(before, row.definition) if before else [],
                given.get(row.id, 0),
            )
        )
        before = row.definition
    return History(rule.id, rule.code, rule.retired_at, versions[::-1])
