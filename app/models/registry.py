"""Imports every mapped class, so that the metadata is whole. Whoever needs the whole schema imports this module."""

from app.models import (
    aliases,
    catalogue,
    claims,
    deliveries,
    desk,
    distributors,
    drafts,
    figures,
    imports,
    jobs,
    joining,
    ledger,
    messages,
    people,
    prepaid,
    programs,
    reviews,
    rewards,
    rules,
    sales,
    signing_in,
)
from app.models.base import Base

metadata = Base.metadata

__all__ = [
    "aliases",
    "catalogue",
    "claims",
    "deliveries",
    "desk",
    "distributors",
    "drafts",
    "figures",
    "imports",
    "jobs",
    "joining",
    "ledger",
    "messages",
    "metadata",
    "people",
    "prepaid",
    "programs",
    "reviews",
    "rewards",
    "rules",
    "sales",
    "signing_in",
]
