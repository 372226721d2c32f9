"""Aliases: what sources call products and distributors. People write them; the audit log keeps who, when, and what was.

A source of product names is a profile, whose files use them, or a distributor, whose rows do; without either an alias
holds for all sources. A code or an EAN of our own always means what it means here: no alias can hide it.
"""

import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, literal, null, select
from sqlalchemy.orm import Session, aliased

from app.domain.saying.wording import Told, marked
from app.domain.states import NamedThing
from app.domain.typed.card_numbers import holds_issued_number
from app.domain.typed.codes import code_key, ean_key
from app.models.aliases import DistributorAlias, ProductAlias
from app.models.catalogue import Product
from app.models.distributors import Distributor
from app.models.programs import Program
from app.services import audit
from app.services.goods import catalogue
from app.services.participants import distributors

_ = marked
SAME_UNIT = 1_000
"""One unit of the source's is one of ours."""
LARGEST_UNIT = 10**9
"""A million of ours in one of the source's: no pallet holds more."""
LONGEST = 256


class Change(enum.Enum):
    """What writing an alias down changed."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


class AliasRefused(Told):
    """The alias cannot be kept; what it says tells why."""


class NoSuchName(LookupError):
    """The programme has no alias of this number."""

    def __init__(self, alias_id: int) -> None:
        """Say which."""
        super().__init__(f"There is no name {alias_id}.")


@dataclass(frozen=True)
class KnownName:
    """A name and what it means: the code of a thing of ours, or none with the reason why it does not take part.

    The source is a profile or a distributor, by its code; neither: every source. ``unit_milli`` is as in `Meaning`.
    """

    id: int
    name: str
    means: str | None
    unit_milli: int
    reason: str | None
    profile: str | None
    distributor: str | None


@dataclass(frozen=True)
class Meaning:
    """What a name means: a thing of ours and how much of it one unit is; or, without an id, that it does not count."""

    id: int | None
    unit_milli: int = SAME_UNIT
    reason: str | None = None


@dataclass(frozen=True)
class Names:
    """What names mean to a source, by the name as it compares.

    ``eans`` are by the EAN as it compares. ``aliases`` are those of the profile, then those of all. ``of_distributors``
    are those of the rows of a distributor, by its id and the name.
    """

    codes: Mapping[str, int]
    eans: Mapping[str, int] = field(default_factory=dict)
    aliases: Mapping[str, Meaning] = field(default_factory=dict)
    of_distributors: Mapping[tuple[int, str], Meaning] = field(default_factory=dict)

    def own(self, name: str) -> Meaning | None:
        """Say what a name means here, whatever the source: by code, then by EAN."""
        found = self.codes.get(code_key(name))
        if found is None and (ean := ean_key(name)) is not None:
            found = self.eans.get(ean)
        return None if found is None else Meaning(found)


def product_names(session: Session, program_id: int, profile_name: str) -> Names:
    """Give what the files of a profile may call products."""
    rows = session.execute(
        select(
            ProductAlias.profile_name,
            ProductAlias.source_distributor_id,
            ProductAlias.alias_key,
            ProductAlias.product_id,
            ProductAlias.unit_milli,
            ProductAlias.reason,
        ).where(
            ProductAlias.program_id == program_id,
            ProductAlias.profile_name.is_(None) | (ProductAlias.profile_name == profile_name),
        )
    ).all()
    of_all: dict[str, Meaning] = {}
    of_profile: dict[str, Meaning] = {}
    of_distributors: dict[tuple[int, str], Meaning] = {}
    for profile, distributor_id, key, product_id, unit, reason in rows:
        meaning = Meaning(product_id, unit, reason)
        if distributor_id is not None:
            of_distributors[distributor_id, key] = meaning
        else:
            (of_all if profile is None else of_profile)[key] = meaning
    return Names(
        catalogue.product_ids(session, program_id),
        catalogue.product_ids_by_ean(session, program_id),
        of_all | of_profile,
        of_distributors,
    )


def written_down(session: Session, program_id: int) -> dict[tuple[str | None, int | None, str], Meaning]:
    """Give what every source's names of products mean: by its profile or its distributor, and the name as it compares.

    A name that holds for all sources has neither.
    """
    rows = session.execute(
        select(
            ProductAlias.profile_name,
            ProductAlias.source_distributor_id,
            ProductAlias.alias_key,
            ProductAlias.product_id,
            ProductAlias.unit_milli,
            ProductAlias.reason,
        ).where(ProductAlias.program_id == program_id)
    )
    return {(profile, owner, key): Meaning(id_, unit, why) for profile, owner, key, id_, unit, why in rows}


def distributor_names(session: Session, program_id: int, profile_name: str) -> Names:
    """Give what the files of a profile may call distributors."""
    rows = session.execute(
        select(
            DistributorAlias.profile_name,
            DistributorAlias.alias_key,
            DistributorAlias.distributor_id,
            DistributorAlias.reason,
        ).where(
            DistributorAlias.program_id == program_id,
            DistributorAlias.profile_name.is_(None) | (DistributorAlias.profile_name == profile_name),
        )
    ).all()
    of_all: dict[str, Meaning] = {}
    of_profile: dict[str, Meaning] = {}
    for profile, key, distributor_id, reason in rows:
        (of_all if profile is None else of_profile)[key] = Meaning(distributor_id, reason=reason)
    return Names(distributors.company_ids(session, program_id), aliases=of_all | of_profile)


def put_product_alias(
    session: Session,
    program: Program,
    alias: str,
    means: Meaning,
    *,
    profile_name: str | None = None,
    source_distributor_id: int | None = None,
    actor: str,
    now: dt.datetime,
) -> Change:
    """Write down what a source calls a product, or that what it calls so does not count. The caller commits.

    What the source called so before is changed, and what is so already stays as it is. Ids are of the programme.

    Raises:
        AliasRefused: Our own products are called so, or the alias cannot be kept.
    """
    catalogue.begin_change(session, program.id)
    key = _key_of(alias)
    _refuse_what_names_a_product(session, program, alias, key)
    if not 0 < means.unit_milli <= LARGEST_UNIT:
        raise AliasRefused(_("One unit is more than nothing and at most %(most)s of ours."), most=1_000_000)
    found = session.scalars(
        select(ProductAlias)
        .where(
            ProductAlias.program_id == program.id,
            ProductAlias.profile_name.is_not_distinct_from(profile_name),
            ProductAlias.source_distributor_id.is_not_distinct_from(source_distributor_id),
            ProductAlias.alias_key == key,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is not None and (found.product_id, found.unit_milli, found.reason) == (
        means.id,
        means.unit_milli,
        means.reason,
    ):
        return Change.SAME
    before = None if found is None else _told(session, found)
    if found is None:
        found = ProductAlias(
            program_id=program.id,
            profile_name=profile_name,
            source_distributor_id=source_distributor_id,
            alias=alias.strip(),
            alias_key=key,
        )
        session.add(found)
    found.product_id, found.unit_milli, found.reason = means.id, means.unit_milli, means.reason
    found.created_by, found.created_at = actor, now
    session.flush()
    _note(session, program, "product_alias.set", found, before, actor=actor, now=now)
    return Change.NEW if before is None else Change.CHANGED


def _refuse_what_names_a_product(session: Session, program: Program, alias: str, key: str) -> None:
    """Refuse an alias that means a product by itself: by its code, or by its EAN."""
    taken = session.scalars(
        select(Product.code).where(Product.program_id == program.id, Product.code_key == key)
    ).one_or_none()
    if taken is not None:
        words = _("%(alias)s is the code of a product here, so it means that product; correct the file.")
        raise AliasRefused(words, alias=repr(alias))
    ean = ean_key(alias)
    if ean is not None and ean in catalogue.product_ids_by_ean(session, program.id):
        words = _("%(alias)s is the EAN of a product here, so it means that product; correct the file.")
        raise AliasRefused(words, alias=repr(alias))


def put_distributor_alias(
    session: Session,
    program: Program,
    alias: str,
    means: Meaning,
    *,
    profile_name: str | None = None,
    actor: str,
    now: dt.datetime,
) -> None:
    """Write down what a source calls a distributor, or that what it calls so does not count. The caller commits.

    What the source called so before is changed, and what is so already stays as it is.

    Raises:
        AliasRefused: A distributor of ours has this code, or the alias cannot be kept.
    """
    catalogue.begin_change(session, program.id)
    key = _key_of(alias)
    if distributors.id_of_code(session, program.id, alias) is not None:
        words = _("%(alias)s is the code of a distributor here, so it means that one; correct the file.")
        raise AliasRefused(words, alias=repr(alias))
    found = session.scalars(
        select(DistributorAlias)
        .where(
            DistributorAlias.program_id == program.id,
            DistributorAlias.profile_name.is_not_distinct_from(profile_name),
            DistributorAlias.alias_key == key,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is not None and (found.distributor_id, found.reason) == (means.id, means.reason):
        return
    before = None if found is None else _told(session, found)
    if found is None:
        found = DistributorAlias(program_id=program.id, profile_name=profile_name, alias=alias.strip(), alias_key=key)
        session.add(found)
    found.distributor_id, found.reason = means.id, means.reason
    found.created_by, found.created_at = actor, now
    session.flush()
    _note(session, program, "distributor_alias.set", found, before, actor=actor, now=now)


def known(session: Session, program_id: int, what: NamedThing) -> list[KnownName]:
    """Give every name that somebody said the meaning of, by name. One query."""
    if what is NamedThing.PRODUCT:
        source = aliased(Distributor)
        query: Select[*tuple[Any, ...]] = (
            select(
                ProductAlias.id,
                ProductAlias.alias,
                Product.code,
                ProductAlias.unit_milli,
                ProductAlias.reason,
                ProductAlias.profile_name,
                source.code,
            )
            .outerjoin(Product, Product.id == ProductAlias.product_id)
            .outerjoin(source, source.id == ProductAlias.source_distributor_id)
            .where(ProductAlias.program_id == program_id)
            .order_by(ProductAlias.alias_key, ProductAlias.id)
        )
    else:
        query = (
            select(
                DistributorAlias.id,
                DistributorAlias.alias,
                Distributor.code,
                literal(SAME_UNIT),
                DistributorAlias.reason,
                DistributorAlias.profile_name,
                null(),
            )
            .outerjoin(Distributor, Distributor.id == DistributorAlias.distributor_id)
            .where(DistributorAlias.program_id == program_id)
            .order_by(DistributorAlias.alias_key, DistributorAlias.id)
        )
    return [KnownName(*row) for row in session.execute(query)]


def forget(session: Session, program: Program, what: NamedThing, alias_id: int, *, actor: str, now: dt.datetime) -> str:
    """Forget what a name means; what was imported by it stays. Gives the name. The caller commits.

    Raises:
        NoSuchName: The programme has none of this number.
    """
    kind: Any = ProductAlias if what is NamedThing.PRODUCT else DistributorAlias
    query = (
        select(kind)
        .where(kind.id == alias_id, kind.program_id == program.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found: ProductAlias | DistributorAlias | None = session.scalars(query).one_or_none()
    if found is None:
        raise NoSuchName(alias_id)
    before = _told(session, found)
    session.delete(found)
    audit.note(session, actor, f"{what}_alias.remove", found.alias, now=now, program_id=program.id, before=before)
    session.flush()
    return found.alias


def meant_elsewhere(session: Session, program_id: int) -> tuple[dict[str, int], dict[str, int]]:
    """Give what any source's names mean, of products and of distributors, where all sources agree."""
    of_products = session.execute(
        select(ProductAlias.alias_key, ProductAlias.product_id).where(
            ProductAlias.program_id == program_id, ProductAlias.product_id.is_not(None)
        )
    )
    of_distributors = session.execute(
        select(DistributorAlias.alias_key, DistributorAlias.distributor_id).where(
            DistributorAlias.program_id == program_id, DistributorAlias.distributor_id.is_not(None)
        )
    )
    return _agreed(of_products), _agreed(of_distributors)


def _agreed(rows: Any) -> dict[str, int]:
    found: dict[str, set[int]] = {}
    for key, id_ in rows:
        found.setdefault(key, set()).add(id_)
    return {key: ids.pop() for key, ids in found.items() if len(ids) == 1}


def _key_of(alias: str) -> str:
    key = code_key(alias)
    if not key or len(key) > LONGEST:
        raise AliasRefused(_("An alias has 1 to %(most)s letters."), most=LONGEST)
    if holds_issued_number(alias):
        raise AliasRefused(_("The alias may hold the number of a payment card, which is never kept."))
    return key


def _told(session: Session, one: ProductAlias | DistributorAlias) -> dict[str, Any]:
    """Give what the audit log says of an alias."""
    said: dict[str, Any] = {"source": one.profile_name}
    if isinstance(one, DistributorAlias):
        said["distributor"] = _code(session, Distributor, one.distributor_id)
    else:
        if one.source_distributor_id is not None:
            said["source"] = _code(session, Distributor, one.source_distributor_id)
        said["product"] = _code(session, Product, one.product_id)
        said["unit_milli"] = one.unit_milli
    return said | ({"reason": one.reason} if one.reason else {})


def _code(session: Session, kind: type[Product] | type[Distributor], id_: int | None) -> str | None:
    return None if id_ is None else session.scalars(select(kind.code).where(kind.id == id_)).one()


def _note(
    session: Session,
    program: Program,
    action: str,
    one: ProductAlias | DistributorAlias,
    before: dict[str, Any] | None,
    *,
    actor: str,
    now: dt.datetime,
) -> None:
    audit.note(
        session,
        actor,
        action,
        one.alias,
        now=now,
        program_id=program.id,
        before=before,
        after=_told(session, one),
        reason=one.reason,
    )
