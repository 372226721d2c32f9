"""Letting rows go that others may refer to without a key: the database looks, and deletes what nothing refers to."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session


def let_products_go(session: Session, product_ids: Sequence[int]) -> set[int]:
    """Delete those of these products that no line names; give their ids. Nobody adds a line until the caller commits.

    Raises:
        IntegrityError: Something with a key names one of them.
    """
    wanted = literal(list(product_ids), ARRAY(BigInteger))
    return set(session.scalars(select(func.let_go_products(wanted, type_=BigInteger))))


def let_distributors_go(session: Session, distributor_ids: Sequence[int]) -> set[int]:
    """Delete those of these distributors that have neither documents nor points, with their empty wallets.

    Gives their ids. Nobody adds a document or moves a point until the caller commits.

    Raises:
        IntegrityError: Something with a key names one of them.
    """
    wanted = literal(list(distributor_ids), ARRAY(BigInteger))
    return set(session.scalars(select(func.let_go_distributors(wanted, type_=BigInteger))))
