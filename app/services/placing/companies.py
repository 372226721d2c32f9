"""Beside which company a person's account stands, for queries that ask what that company is: its group, its tier."""

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from app.models.distributors import Distributor


def company_of(person: type[Distributor]) -> ColumnElement[int | None]:
    """Give the company beside which an account stands, or the one that it was merged into; none: it is a company.

    Of two people who have one name by a merge one stays beside the closed record: their company is the survivor still.
    """
    company = aliased(Distributor)
    return (
        select(func.coalesce(company.merged_into_id, company.id))
        .where(company.id == person.person_of_id)
        .correlate(person)
        .scalar_subquery()
    )
