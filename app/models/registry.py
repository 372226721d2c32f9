"""Imports every mapped class, so that the metadata is whole. Whoever needs the whole schema imports this module."""

from app.models import catalogue, distributors, imports, jobs, ledger, people, prepaid, programs, rules, sales
from app.models.base import Base

metadata = Base.metadata

__all__ = [
    "catalogue",
    "distributors",
    "imports",
    "jobs",
    "ledger",
    "metadata",
    "people",
    "prepaid",
    "programs",
    "rules",
    "sales",
]
