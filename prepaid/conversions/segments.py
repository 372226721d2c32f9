"""Whose points a conversion run takes: everybody's, or those of some groups, of some tiers, of a list, of one."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, aliased

from app.db.many import among, among_texts
from app.domain.typed.codes import code_key
from app.models.distributors import Distributor, DistributorGroup
from app.services.placing.companies import company_of

NARROWING = ("groups", "tiers", "on_list")
"""Under one of these a run keeps that it is not of everybody's points."""


@dataclass(frozen=True)
class Segment:
    """Some distributors of a programme; what is not said does not narrow it.

    A person's account is in the group and the tier of its company.

    Attributes:
        groups: codes; whoever is in one of them, or in a group below it.
        tiers: codes; whoever is in one of them now.
        distributors: ids; none but these.
        list_name: what the list was called that ``distributors`` came from.
    """

    groups: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    distributors: tuple[int, ...] | None = None
    list_name: str | None = None

    @staticmethod
    def one(distributor_id: int) -> "Segment":
        """Make the segment of one distributor."""
        return Segment(distributors=(distributor_id,))

    @property
    def everybody(self) -> bool:
        """Tell whether it leaves nobody out."""
        return not (self.groups or self.tiers) and self.distributors is None

    def conditions(self, session: Session, program_id: int) -> list[ColumnElement[bool]]:
        """Give the conditions of its distributors, for a statement that has the table of distributors."""
        found: list[ColumnElement[bool]] = []
        if self.groups:
            ids = _with_those_below(session, program_id, self.groups)
            found.append(_or_of_its_company(lambda one: among(one.group_id, ids)))
        if self.tiers:
            tiers = _as_written(session, program_id, self.tiers)
            found.append(_or_of_its_company(lambda one: among_texts(one.tier, tiers)))
        if self.distributors is not None:
            found.append(among(Distributor.id, self.distributors))
        return found

    def as_json(self) -> dict[str, Any]:
        """Give it as a run keeps it: of a list its name and how many were on it, for each of them is in the run."""
        found: dict[str, Any] = {"groups": list(self.groups), "tiers": list(self.tiers)}
        if self.distributors is not None:
            found |= {"list": self.list_name, "on_list": len(self.distributors)}
        return {name: value for name, value in found.items() if value}


EVERYBODY = Segment()


def _or_of_its_company(said: Callable[[Any], ColumnElement[bool]]) -> ColumnElement[bool]:
    """Ask of a distributor, and of whose company that is: the account of a person is where its company is."""
    company = aliased(Distributor)
    return or_(said(Distributor), company_of(Distributor).in_(select(company.id).where(said(company))))


def _with_those_below(session: Session, program_id: int, codes: Collection[str]) -> list[int]:
    rows = session.execute(
        select(DistributorGroup.id, DistributorGroup.parent_id, DistributorGroup.code).where(
            DistributorGroup.program_id == program_id
        )
    ).all()
    parents: Mapping[int, int | None] = {row.id: row.parent_id for row in rows}
    keys = {code_key(code) for code in codes}
    named = {row.id for row in rows if code_key(row.code) in keys}

    def stands_below(one: int | None) -> bool:
        while one is not None and one not in named:
            one = parents[one]
        return one is not None

    return [one for one in parents if stands_below(one)]


def _as_written(session: Session, program_id: int, codes: Collection[str]) -> list[str]:
    """Give the tiers of these codes as distributors bear them: files may write them otherwise."""
    keys = {code_key(code) for code in codes}
    borne = session.scalars(
        select(Distributor.tier).where(Distributor.program_id == program_id, Distributor.tier.is_not(None)).distinct()
    )
    return [tier for tier in borne if tier is not None and code_key(tier) in keys]
