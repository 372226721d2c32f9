"""How pages say what a rule does: in the reader's language, with the names of what the programme has."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from flask import g
from flask_babel import gettext
from sqlalchemy import BigInteger, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY, TEXT

from app.db.questions import Question
from app.domain.measures.calendar import local_date
from app.domain.program_file.definition import EarningRule, Matrix
from app.domain.rules.rule_sentences import Voice, sentence
from app.domain.states import Unit
from app.domain.typed.codes import code_key
from app.models.catalogue import Product, ProductGroup
from app.models.distributors import Distributor, DistributorGroup
from app.web import formats
from app.web.context import now, scope, session

_OF_PRODUCTS = ("products", "exclude_products")
_OF_PRODUCT_GROUPS = ("product_groups", "exclude_product_groups")


def given(rule: EarningRule | Matrix, value: int) -> str:
    """Write what a rule gave, in its own unit and in words."""
    if rule.unit == "money":
        return formats.cash(value)
    return formats.points_in_words(Decimal(value).scaleb(-scope().program.point_decimals))


def voice_of(rules: Iterable[EarningRule | Matrix]) -> Voice:
    """Give the reader's way of saying these rules; the names of what they speak of are looked up together."""
    names = _names(list(rules))
    return Voice(
        say=gettext,
        points=formats.points_in_words,
        money=formats.cash_of_file,
        figure=formats.decimal,
        day=formats.day,
        name=lambda kind, code: names.get(kind, {}).get(code_key(code), code),
    )


def said(rule: EarningRule | Matrix) -> str:
    """Say what one rule does."""
    return sentence(rule, voice_of([rule]))


def unit_of(rule: EarningRule | Matrix) -> Unit:
    """Tell in what a rule gives."""
    return Unit.MONEY if rule.unit == "money" else Unit.POINTS


def today() -> dt.date:
    """Give the day it is in the programme."""
    return local_date(now(), scope().program.time_zone)


def _names(rules: Sequence[EarningRule | Matrix]) -> dict[str, dict[str, str]]:
    used: dict[str, set[str]] = {}
    for rule in rules:
        for kind in (*_OF_PRODUCTS, *_OF_PRODUCT_GROUPS, "distributors", "distributor_groups"):
            used.setdefault(kind, set()).update(code_key(code) for code in getattr(rule.scope, kind))
    products = _called(Product, set().union(*(used.get(kind, set()) for kind in _OF_PRODUCTS)))
    groups = _called(ProductGroup, set().union(*(used.get(kind, set()) for kind in _OF_PRODUCT_GROUPS)))
    return {
        **dict.fromkeys(_OF_PRODUCTS, products),
        **dict.fromkeys(_OF_PRODUCT_GROUPS, groups),
        "distributors": _called(Distributor, used.get("distributors", set())),
        "distributor_groups": _called(DistributorGroup, used.get("distributor_groups", set())),
    }


def _called(
    model: type[Product] | type[ProductGroup] | type[Distributor] | type[DistributorGroup], keys: set[str]
) -> dict[str, str]:
    """Give names by code; nothing is asked where no code is used, and nothing twice for a page of many rules."""
    if not keys:
        return {}
    here = scope().program.id
    known = g.setdefault("called", {}).setdefault((model, here), {})
    if model in _FEW:
        known = known or dict(_ALL[model].ask(session(), program_id=here))
        g.called[model, here] = known
    elif missing := sorted(keys - known.keys()):
        known.update(_CALLED[model].ask(session(), program_id=here, keys=missing))
    return {key: known[key] for key in keys if key in known}


_FEW = (ProductGroup, DistributorGroup)
_HERE = bindparam("program_id", type_=BigInteger)
_ALL: Mapping[type[Any], Question] = {
    model: Question(select(model.code_key, model.name).where(model.program_id == _HERE)) for model in _FEW
}
_CALLED: Mapping[type[Any], Question] = {
    model: Question(
        select(model.code_key, model.name).where(
            model.program_id == _HERE, model.code_key == any_(bindparam("keys", type_=ARRAY(TEXT)))
        )
    )
    for model in (Product, Distributor)
}
