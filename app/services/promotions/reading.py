"""Promotions read back: definitions as published, compiled for their programme as it is."""

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, func, or_, select
from sqlalchemy.orm import Session

from app.domain.measures.scale import Scale
from app.domain.program_file.promotion_definition import Promotion as Definition
from app.domain.promoting.promotion_terms import CompiledPromotion, compile_promotion
from app.domain.rules.program_rules import ProgramRules
from app.domain.typed.codes import code_key
from app.models.programs import Program
from app.models.promotions import Promotion, PromotionTarget, PromotionVersion


class NoSuchPromotion(LookupError):
    """The programme has no promotion of this code."""

    def __init__(self, code: str, known: Sequence[str]) -> None:
        """Say which there are."""
        super().__init__(f"No promotion has the code {code!r}; there are: {', '.join(known) or 'none yet'}.")


def says_something() -> ColumnElement[bool]:
    """Match promotions that are published, or have a draft: what was dropped before it was published is none."""
    return or_(Promotion.version > 0, func.jsonb_typeof(Promotion.draft) == "object")


def called() -> SQLColumnExpression[str]:
    """Give the name of promotions in lists: what their draft calls them, or where there is none, the newest version."""
    published = select(PromotionVersion.definition["name"].astext).where(of_now()).scalar_subquery()
    return func.coalesce(Promotion.draft["name"].astext, published)


def promotions_of(session: Session, program_id: int) -> Sequence[Promotion]:
    """Give the promotions of a programme, the newest first."""
    of_program = (Promotion.program_id == program_id, says_something())
    return session.scalars(select(Promotion).where(*of_program).order_by(Promotion.id.desc())).all()


def promotion_by_code(session: Session, program_id: int, code: str) -> Promotion:
    """Find a promotion.

    Raises:
        NoSuchPromotion: with the codes that there are.
    """
    of_program = (Promotion.program_id == program_id, says_something())
    found = session.scalars(select(Promotion).where(*of_program, Promotion.code_key == code_key(code))).one_or_none()
    if found is None:
        known = session.scalars(select(Promotion.code).where(*of_program).order_by(Promotion.id))
        raise NoSuchPromotion(code, known.all())
    return found


def versions_of(session: Session, promotion_id: int) -> Sequence[PromotionVersion]:
    """Give what was published of a promotion, the newest first."""
    of_it = select(PromotionVersion).where(PromotionVersion.promotion_id == promotion_id)
    return session.scalars(of_it.order_by(PromotionVersion.version.desc())).all()


def locked(session: Session, promotion_id: int) -> Promotion:
    """Hold a promotion until the transaction ends, as the last who held it left it."""
    return session.scalars(
        select(Promotion)
        .where(Promotion.id == promotion_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def of_now() -> ColumnElement[bool]:
    """Match the version of promotions that was published last."""
    return and_(PromotionVersion.promotion_id == Promotion.id, PromotionVersion.version == Promotion.version)


def definition_of(session: Session, promotion: Promotion) -> Definition:
    """Give what a promotion says: as it was published last, or where it never was, its draft."""
    stored = promotion.draft
    if promotion.version:
        stored = session.scalars(
            select(PromotionVersion.definition).where(
                PromotionVersion.promotion_id == promotion.id, PromotionVersion.version == promotion.version
            )
        ).one()
    return Definition.model_validate(stored)


def targets_of_a_sheet(session: Session, promotion_id: int) -> int:
    """Count the distributors that have a target of their own from a sheet."""
    query = select(func.count()).select_from(PromotionTarget).where(PromotionTarget.promotion_id == promotion_id)
    return session.execute(query).scalar_one()


def scale_of(rules: ProgramRules) -> Scale:
    """Tell how a programme's amounts become integers."""
    return Scale(rules.settings.point.decimals, rules.currency_decimals, gross=rules.book.gross)


def compiled(session: Session, rules: ProgramRules, definition: Definition) -> CompiledPromotion:
    """Make a promotion ready to run.

    Raises:
        AmountUnfit: An amount has more decimals than the programme.
    """
    stacks = session.get_one(Program, rules.program_id).stacks
    named: Mapping[str, Sequence[str]] = stacks["named_days"]
    days = {name: [dt.date.fromisoformat(day) for day in listed] for name, listed in named.items()}
    settings = rules.settings
    return compile_promotion(
        definition, rules.book.catalogue, scale_of(rules), days, settings.starts_on, settings.ends_on
    )
