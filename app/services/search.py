"""One search over everything of a programme that has a name or a number: a few of each, the likeliest first."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import Session

from app.domain.documents.numbering import number_key
from app.models.catalogue import Product
from app.models.distributors import Distributor
from app.models.imports import ImportBatch
from app.models.prepaid import Card
from app.models.promotions import Promotion
from app.models.rewards import Reward
from app.models.sales import SalesDocument
from app.services.promotions import reading

MOST = 6
"""Found things of each kind."""

SHORTEST = 2
"""Letters that a search has at least."""

_YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")


@dataclass(frozen=True)
class Found:
    """Something that was found. ``kind`` is one of `KINDS`."""

    kind: str
    id: int
    title: str
    more: str


def _like(text: str) -> str:
    return "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def search(session: Session, program_id: int, text: str, kinds: Sequence[str]) -> list[Found]:
    """Find things of some kinds; a text of fewer than two letters finds nothing. One query for each kind.

    Distributors by name, code and tax id; documents by number; products by name, code and EAN; rewards and promotions
    by name and code; cards by their last digits; imports by number and name of the file.
    """
    typed = text.strip()
    if len(typed) < SHORTEST:
        return []
    found: list[Found] = []
    for kind in kinds:
        query = _QUERIES[kind](program_id, typed)
        if query is not None:
            rows = session.execute(query.limit(MOST))
            found += [Found(kind, id_, str(title), "" if more is None else str(more)) for id_, title, more in rows]
    return found


def _distributors(program_id: int, typed: str) -> Select[*tuple[Any, ...]]:
    pattern = _like(typed)
    begins = Distributor.name.ilike(pattern[1:])
    return (
        select(Distributor.id, Distributor.name, Distributor.code)
        .where(
            Distributor.program_id == program_id,
            or_(Distributor.name.ilike(pattern), Distributor.code.ilike(pattern), Distributor.tax_id.ilike(pattern)),
        )
        .order_by(case((begins, 0), else_=1), Distributor.sort_key, Distributor.id)
    )


def _documents(program_id: int, typed: str) -> Select[*tuple[Any, ...]] | None:
    """Find documents whose normalised number begins as the typed one does: an index serves that."""
    keys = {number_key(typed, year) for year in (0, *map(int, _YEAR.findall(typed)))} - {""}
    if not keys:
        return None
    begins = or_(*(SalesDocument.number_key.like(_like(key)[1:]) for key in sorted(keys)))
    return (
        select(SalesDocument.id, SalesDocument.number, Distributor.name)
        .join(Distributor, Distributor.id == SalesDocument.distributor_id)
        .where(SalesDocument.program_id == program_id, begins)
        .order_by(func.length(SalesDocument.number_key), SalesDocument.number_key, SalesDocument.id)
    )


def _products(program_id: int, typed: str) -> Select[*tuple[Any, ...]]:
    pattern = _like(typed)
    return (
        select(Product.id, Product.name, Product.code)
        .where(
            Product.program_id == program_id,
            or_(Product.name.ilike(pattern), Product.code.ilike(pattern), Product.ean == typed),
        )
        .order_by(case((Product.code.ilike(pattern[1:]), 0), else_=1), Product.sort_key, Product.id)
    )


def _rewards(program_id: int, typed: str) -> Select[*tuple[Any, ...]]:
    pattern = _like(typed)
    return (
        select(Reward.id, Reward.name, Reward.code)
        .where(Reward.program_id == program_id, or_(Reward.name.ilike(pattern), Reward.code.ilike(pattern)))
        .order_by(case((Reward.name.ilike(pattern[1:]), 0), else_=1), Reward.sort_key, Reward.id)
    )


def _promotions(program_id: int, typed: str) -> Select[*tuple[Any, ...]]:
    """Find promotions, the newest first, as their list calls them."""
    name, pattern = reading.called(), _like(typed)
    return (
        select(Promotion.id, name, Promotion.code)
        .where(
            Promotion.program_id == program_id,
            reading.says_something(),
            or_(name.ilike(pattern), Promotion.code.ilike(pattern)),
        )
        .order_by(Promotion.id.desc())
    )


def _cards(program_id: int, typed: str) -> Select[*tuple[Any, ...]] | None:
    """Find cards by their last digits; nothing more of a number is kept."""
    digits = typed[-4:]
    if not (digits.isascii() and digits.isdigit()):
        return None
    return (
        select(Card.id, Card.last4, Distributor.name)
        .join(Distributor, Distributor.id == Card.distributor_id)
        .where(Card.program_id == program_id, Card.last4.like(f"%{digits}"))
        .order_by(Card.id)
    )


def _imports(program_id: int, typed: str) -> Select[*tuple[Any, ...]]:
    named: ColumnElement[bool] = ImportBatch.file_name.ilike(_like(typed))
    number = typed.lstrip("#")
    if number.isascii() and number.isdigit() and len(number) < 10:
        named = or_(named, ImportBatch.id == int(number))
    return (
        select(ImportBatch.id, ImportBatch.file_name, ImportBatch.kind)
        .where(ImportBatch.program_id == program_id, named)
        .order_by(ImportBatch.id.desc())
    )


_QUERIES = {
    "distributor": _distributors,
    "document": _documents,
    "product": _products,
    "reward": _rewards,
    "promotion": _promotions,
    "card": _cards,
    "import": _imports,
}

KINDS = tuple(_QUERIES)
