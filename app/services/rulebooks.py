"""A programme's rules, products and distributors, loaded and compiled, and kept until something about them changes."""

import datetime as dt
import threading
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import TypeAdapter
from sqlalchemy import BigInteger, bindparam, func, select
from sqlalchemy.orm import Session

from app.db.prepared import Prepared
from app.domain.documents.catalogue import Catalogue
from app.domain.documents.placements import stretches, unrolled
from app.domain.measures.scale import Scale
from app.domain.program_file.definition import EarningRule, Matrix, Policy, ProgramSettings
from app.domain.rules.program_rules import ProgramRules
from app.domain.rules.rule_compiling import compile_rules
from app.domain.rules.rulebook import RuleVersion
from app.models.catalogue import Product, ProductGroup
from app.models.distributors import Distributor, DistributorGroup
from app.models.programs import Program, ProgramRevision
from app.models.rules import EarningRule as EarningRuleRow
from app.models.rules import EarningRuleVersion
from app.services.ledger import lot_terms
from app.services.ledger.accounts import program_accounts
from app.services.persons import rosters
from app.services.placing import placements
from app.services.placing.trees import tree_of

_EARNING_RULE: TypeAdapter[EarningRule] = TypeAdapter(EarningRule)


@dataclass(frozen=True)
class Proposal:
    """Rules that are not in force, with the stacks and the named days that they speak of."""

    versions: Sequence[RuleVersion]
    stacks: Mapping[str, Policy]
    named_days: Mapping[str, Sequence[dt.date]]


_STAMP = Prepared(select(Program.rules_stamp).where(Program.id == bindparam("program", type_=BigInteger)))
_kept: dict[int, ProgramRules] = {}
_keeping = threading.Lock()


def rules_of(session: Session, program_id: int) -> ProgramRules:
    """Give a programme's rules, compiled. They are kept in the process until the programme's stamp changes."""
    ((stamp,),) = _STAMP.rows(session, program=program_id)
    with _keeping:
        kept = _kept.get(program_id)
    if kept is None or kept.stamp != stamp:
        kept = _load(session, program_id)
        with _keeping:
            _kept[program_id] = kept
    return kept


def rules_under(session: Session, program_id: int, proposal: Proposal) -> ProgramRules:
    """Give the programme as it would be under other rules, compiled anew. Nothing of it is kept."""
    return _load(session, program_id, proposal)


def published(session: Session, program_id: int) -> Proposal:
    """Give the rules that are in force, as a proposal."""
    stored = session.execute(select(Program.stacks).where(Program.id == program_id)).scalar_one()
    named_days = {name: [dt.date.fromisoformat(day) for day in days] for name, days in stored["named_days"].items()}
    return Proposal(_versions(session, program_id), stored["policies"], named_days)


def definition_of(stored: dict[str, Any]) -> EarningRule | Matrix:
    """Read a stored definition back: a matrix has rates, any other rule does not."""
    return Matrix.model_validate(stored) if "rates" in stored else _EARNING_RULE.validate_python(stored)


_DEFINITIONS = select(EarningRuleVersion.id, EarningRuleVersion.definition).where(
    EarningRuleVersion.id.in_(bindparam("ids", expanding=True))
)
_MOST_READ = 1_000
_read: dict[tuple[int, dt.datetime], EarningRule | Matrix] = {}


def definitions_of(session: Session, published: Set[tuple[int, dt.datetime]]) -> Mapping[int, EarningRule | Matrix]:
    """Give the definitions of versions, by id, as they were published at a time.

    A published version never changes, and reading one takes longer than anything that is done with it: each is read
    once in a process.
    """
    with _keeping:
        found = {id_: _read[id_, at] for id_, at in published if (id_, at) in _read}
    missing = {id_: at for id_, at in published if id_ not in found}
    if missing:
        stored = session.execute(_DEFINITIONS, {"ids": list(missing)})
        fresh = {id_: definition_of(definition) for id_, definition in stored}
        with _keeping:
            if len(_read) + len(fresh) > _MOST_READ:
                _read.clear()
            _read.update({(id_, missing[id_]): definition for id_, definition in fresh.items()})
        found |= fresh
    return found


def _load(session: Session, program_id: int, proposal: Proposal | None = None) -> ProgramRules:
    proposal = proposal or published(session, program_id)
    program = session.execute(
        select(
            Program.rules_stamp,
            Program.currency,
            Program.currency_decimals,
            Program.time_zone,
            Program.point_decimals,
            Program.point_value_micro,
            Program.settings,
            Program.sample_key,
        ).where(Program.id == program_id)
    ).one()
    settings = ProgramSettings.model_validate(program.settings)
    book = compile_rules(
        proposal.versions,
        _catalogue(session, program_id),
        scale=Scale(program.point_decimals, program.currency_decimals, gross=settings.earns_on == "gross"),
        stacks=proposal.stacks,
        named_days=proposal.named_days,
        starts_on=settings.starts_on,
        ends_on=settings.ends_on,
    )
    return ProgramRules(
        program_id=program_id,
        stamp=program.rules_stamp,
        currency=program.currency,
        currency_decimals=program.currency_decimals,
        time_zone=program.time_zone,
        point_value_micro=program.point_value_micro,
        settings=settings,
        book=book,
        accounts=program_accounts(session, program_id),
        sample_key=bytes(program.sample_key),
        terms={one.id: one.terms for one in lot_terms.of_program(session, program_id)},
        may_end_idle=settings.expiry.lasting.idle_months is not None or lot_terms.some_end_idle(session, program_id),
        has_people=rosters.some(session, program_id),
        lets_go=_lets_go(session, program_id, settings),
    )


def _lets_go(session: Session, program_id: int, settings: ProgramSettings) -> bool:
    if settings.returns == "clamp":
        return True
    said = ProgramRevision.document["program"]["returns"].astext
    once = select(ProgramRevision.id).where(ProgramRevision.program_id == program_id, said == "clamp")
    return bool(session.execute(select(once.exists())).scalar_one())


def _versions(session: Session, program_id: int) -> list[RuleVersion]:
    rows = session.execute(
        select(
            EarningRuleVersion.id,
            EarningRuleVersion.rule_id,
            EarningRuleVersion.version,
            EarningRuleVersion.valid_from,
            EarningRuleVersion.definition,
            EarningRuleVersion.terms_id,
        )
        .join(EarningRuleRow, EarningRuleRow.id == EarningRuleVersion.rule_id)
        .where(EarningRuleRow.program_id == program_id, EarningRuleRow.retired_at.is_(None))
    )
    return [
        RuleVersion(id_, rule_id, version, valid_from, definition_of(definition), terms_id or 0)
        for id_, rule_id, version, valid_from, definition, terms_id in rows
    ]


def _catalogue(session: Session, program_id: int) -> Catalogue:
    product_groups, product_position = tree_of(session, ProductGroup, program_id)
    distributor_groups, distributor_position = tree_of(session, DistributorGroup, program_id)
    products = session.execute(
        select(Product.id, Product.code_key, Product.group_id)
        .where(Product.program_id == program_id)
        .order_by(Product.id)
    ).all()
    distributors = session.execute(
        select(
            Distributor.id,
            Distributor.code_key,
            Distributor.group_id,
            Distributor.tier,
            func.coalesce(Distributor.person_of_id, Distributor.merged_into_id).label("beside"),
        )
        .where(Distributor.program_id == program_id)
        .order_by(Distributor.id)
    ).all()
    product_keys = {row[0]: row[1] for row in products}
    product_ids, product_days, in_groups = unrolled(
        ((row[0], row[2]) for row in products), placements.product_courses(session, program_id)
    )
    distributor_keys = {row[0]: row[1] for row in distributors}
    distributor_ids, distributor_days, standing = unrolled(
        ((row[0], (row[2], row[3])) for row in distributors),
        placements.distributor_courses(session, program_id, {row[0]: (row[2], row[3]) for row in distributors}),
    )

    def at(position: dict[int, int], group_id: int | None) -> int:
        return -1 if group_id is None else position[group_id]

    ids_of_products = np.asarray(product_ids, dtype=np.int64)
    ids_of_distributors = np.asarray(distributor_ids, dtype=np.int64)
    return Catalogue(
        product_ids=ids_of_products,
        product_keys=[product_keys[id_] for id_ in product_ids],
        product_group=np.asarray([at(product_position, group) for group in in_groups], dtype=np.int64),
        product_groups=product_groups,
        distributor_ids=ids_of_distributors,
        distributor_keys=[distributor_keys[id_] for id_ in distributor_ids],
        distributor_group=np.asarray([at(distributor_position, group) for group, _ in standing], dtype=np.int64),
        distributor_tier=[tier for _, tier in standing],
        distributor_groups=distributor_groups,
        product_stretches=stretches(ids_of_products, product_days),
        distributor_stretches=stretches(ids_of_distributors, distributor_days),
        beside_ids=np.asarray([row[0] for row in distributors if row[4] is not None], dtype=np.int64),
    )
