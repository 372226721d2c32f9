"""What codes of the programme stand for, by name: products, distributors, their groups, rewards."""

import re
from collections.abc import Callable, Container, Iterable, Mapping

from flask_babel import gettext
from sqlalchemy import select

from app.domain.program_file.parts import LONGEST_CODE
from app.domain.typed.codes import code_key
from app.models.catalogue import Product, ProductGroup
from app.models.distributors import Distributor, DistributorGroup
from app.models.rewards import Reward
from app.services.participants import distributors
from app.web.context import scope, session

Model = type[Product] | type[ProductGroup] | type[Distributor] | type[DistributorGroup] | type[Reward]
BY_CODE: Mapping[str, Model] = {
    "products": Product,
    "product_groups": ProductGroup,
    "distributors": Distributor,
    "distributor_groups": DistributorGroup,
    "rewards": Reward,
}
"""What has a code and a name, as the scope of a rule calls it."""

_MOST = 500
_SHOWN = 40


def names_of(of: str, codes: Iterable[str]) -> dict[str, str]:
    """Give the names of codes, as they are written; what has none stands for nothing here."""
    model = BY_CODE.get(of)
    keys = {code_key(one): one for one in codes if "\x00" not in one}  # no code has one, and no table could be asked
    if model is None or not keys:
        return {}
    known = select(model.code_key, model.name).where(
        model.program_id == scope().program.id, model.code_key.in_(list(keys)[:_MOST])
    )
    return {keys[key]: name for key, name in session().execute(known)}


def called(of: str, codes: Iterable[str]) -> str:
    """Write what codes stand for, one after the other; a code that has no name stands for itself."""
    all_ = list(codes)
    names = names_of(of, all_)
    return ", ".join(names.get(one, one) for one in all_)


def no_codes(codes: Iterable[str]) -> list[str]:
    """Say which codes are longer than any code is."""
    return [
        gettext(
            "“%(code)s” is too long: a code has at most %(most)s letters.", code=f"{one[:_SHOWN]}…", most=LONGEST_CODE
        )
        for one in codes
        if len(one) > LONGEST_CODE
    ]


def unknown(codes: Iterable[str], known: Container[str], said: Callable[[str], str]) -> list[str]:
    """Say of codes that are none of those known, by their keys, what ``said`` says of such a one."""
    return [said(one) for one in codes if len(one) <= LONGEST_CODE and code_key(one) not in known]


def no_groups(codes: Iterable[str]) -> list[str]:
    """Say which codes are those of no distributor group."""
    known = distributors.group_ids(session(), scope().program.id) if (named := list(codes)) else {}
    return unknown(named, known, lambda one: gettext("No distributor group has the code %(code)s.", code=one))


def typed(text: str | None) -> list[str]:
    """Read codes that stand in a field, one on each line or with commas between."""
    return [one.strip() for one in re.split(r"[\n,]", text or "") if one.strip()]
