"""Programmes: loaded from their files, changed by newer ones, exported again."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from sqlalchemy import func, select, true, update
from sqlalchemy.orm import Session

from app.domain.measures.calendar import local_date
from app.domain.measures.currencies import decimals_of
from app.domain.measures.money import decimal_text
from app.domain.program_file.definition import EarningRule as EarningRuleDefinition
from app.domain.program_file.definition import Group, Matrix, ProgramFile, ProgramSettings, TaxPart
from app.domain.program_file.prepaid_settings import PrepaidPart
from app.domain.program_file.rewards_settings import RewardsPart
from app.domain.states import Unit
from app.domain.typed.codes import code_key
from app.models.catalogue import ProductGroup
from app.models.distributors import DistributorGroup
from app.models.ledger import Account
from app.models.programs import Program, ProgramRevision
from app.models.rules import EarningRule, EarningRuleVersion
from app.services import audit
from app.services.counting import cap_usage
from app.services.goods import catalogue
from app.services.ledger import lot_terms
from app.services.ledger.accounts import open_accounts
from app.services.participants import distributors
from app.services.persons.opening import open_missing
from app.services.placing import regrouping
from app.services.placing.placements import Moving
from app.services.rewarding import rewards
from app.services.rulebooks import definition_of
from app.services.setup import promotion_loading
from app.services.setup.program_files import ProgramFileInvalid, canonical, scale_of
from app.services.tiering import tier_judging


class NoSuchProgram(LookupError):
    """No programme has this code."""

    def __init__(self, code: str, known: Sequence[str]) -> None:
        """Say which there are."""
        super().__init__(f"No programme has the code {code!r}; there are: {', '.join(known) or 'none yet'}.")


@dataclass
class Loaded:
    """What loading a programme file changed. ``changes`` is empty where it said nothing new."""

    program_id: int
    code: str
    created: bool
    changes: list[str] = field(default_factory=list)


def program_by_code(session: Session, code: str) -> Program:
    """Find a programme.

    Raises:
        NoSuchProgram: with the codes that there are.
    """
    found = session.scalars(select(Program).where(Program.code == code)).one_or_none()
    if found is None:
        raise NoSuchProgram(code, session.scalars(select(Program.code).order_by(Program.code)).all())
    return found


def load(session: Session, file: ProgramFile, *, actor: str, now: dt.datetime, deed: str | None = "load") -> Loaded:
    """Make a programme what its file says. Loading the same file again changes nothing.

    A rule that reads otherwise than before gets a new version; one that is gone from the file earns no more. The
    caller commits.

    ``deed`` is what the audit log calls it: the loading of a file, unless a page changed a part of the document. None:
    whoever does notes it themselves.

    Raises:
        ProgramFileInvalid: It names a group that neither the file nor the programme has.
        CurrencyChanged: It counts otherwise than the programme does.
        TrainingChanged: It would make a real programme of one for training, or the other way round.
    """
    document = canonical(file)
    digest = hashlib.sha256(json.dumps(document, sort_keys=True, ensure_ascii=False).encode()).digest()
    # as `catalogue.begin_change` holds it: who writes rows that name the programme, and holds what this asks for next,
    # need not wait
    program = session.scalars(
        select(Program)
        .where(Program.code == file.program.code)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    loaded = Loaded(program.id if program else 0, file.program.code, created=program is None)
    if program is None:
        program = _blank(file, now)
        session.add(program)
        session.flush()
        loaded.program_id = program.id
        loaded.changes.append("programme created")
    elif _is_newest(session, program.id, document, digest):
        _returns_policy(session, program.id, may_owe=file.program.returns == "negative")
        return loaded
    promotion_loading.expect_days(session, program, file)
    otherwise = promotion_loading.measured_otherwise(session, program, file)
    _settings(session, program, file, loaded)
    with regrouping.watching(session, program.id, DistributorGroup):
        _groups(session, program.id, DistributorGroup, file.distributor_groups, "distributor group", loaded)
    with regrouping.watching(session, program.id, ProductGroup):
        _groups(session, program.id, ProductGroup, file.product_groups, "product group", loaded)
    expect_groups(session, program.id, file)
    expect_budgets(session, program.id, file)
    _products(session, program, file, loaded, actor, now)
    _rules(session, program.id, [*file.earning_rules, *file.matrices], loaded, actor, now)
    loaded.changes += promotion_loading.publish_all(session, program.id, file, actor=actor, now=now)
    promotion_loading.measure_anew(session, otherwise)
    priced = rewards.price_anew(session, program, actor=actor, now=now)
    opened = open_missing(session, program, actor=actor, now=now)
    if opened:
        loaded.changes.append(f"{opened} accounts of people opened")
    if priced:
        loaded.changes.append(f"{priced} prices of rewards computed anew")
    number = _keep(session, program.id, document, digest, actor=actor, now=now, of_file=deed == "load")
    after = {"revision": number, "changes": loaded.changes}
    if deed is not None:
        audit.note(session, actor, f"program.{deed}", program.code, now=now, program_id=program.id, after=after)
    catalogue.mark_changed(session, program.id)
    session.flush()
    return loaded


def _keep(
    session: Session,
    program_id: int,
    document: dict[str, Any],
    digest: bytes,
    *,
    actor: str,
    now: dt.datetime,
    of_file: bool,
) -> int:
    """Keep the document as the newest revision of the programme. Returns its number."""
    number = (
        1
        + session.execute(
            select(func.coalesce(func.max(ProgramRevision.number), 0)).where(ProgramRevision.program_id == program_id)
        ).scalar_one()
    )
    session.add(
        ProgramRevision(
            program_id=program_id,
            number=number,
            document=document,
            sha256=digest,
            loaded_at=now,
            loaded_by=actor,
            of_file=of_file,
        )
    )
    return number


def export(session: Session, code: str) -> dict[str, Any]:
    """Give a programme's document as it was loaded last; loading it again changes nothing."""
    program = program_by_code(session, code)
    document = session.scalars(
        select(ProgramRevision.document)
        .where(ProgramRevision.program_id == program.id)
        .order_by(ProgramRevision.number.desc())
        .limit(1)
    ).one()
    return dict(document)


def document_to_change(session: Session, program: Program) -> dict[str, Any]:
    """Give a programme's document to whoever says a part of it anew, and loads it with that.

    Whoever says another part anew at the same time waits: neither takes back what the other said. The caller commits.
    """
    catalogue.begin_change(session, program.id)
    return export(session, program.code)


def _is_newest(session: Session, program_id: int, document: dict[str, Any], digest: bytes) -> bool:
    """Tell whether a programme was last loaded from a file that says the same: 10 and 10.00 are one amount."""
    newest = session.execute(
        select(ProgramRevision.sha256, ProgramRevision.document)
        .where(ProgramRevision.program_id == program_id)
        .order_by(ProgramRevision.number.desc())
        .limit(1)
    ).one_or_none()
    if newest is None:
        return False
    return newest.sha256 == digest or _means_the_same(ProgramFile, newest.document, document)


def _means_the_same(part: type[BaseModel], one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one == other or part.model_validate(one) == part.model_validate(other)


def _blank(file: ProgramFile, now: dt.datetime) -> Program:
    return Program(
        code=file.program.code,
        created_at=now,
        rules_stamp=0,
        point_value_micro=0,
        tax={},
        prepaid={},
        rewards={},
        import_profiles={},
        stacks={},
        settings={},
        **_columns(file),
    )


def _columns(file: ProgramFile) -> dict[str, Any]:
    program = file.program
    return {
        "name": program.name,
        "sponsor": program.sponsor,
        "currency": program.currency,
        "currency_decimals": decimals_of(program.currency),
        "country": program.country,
        "time_zone": program.time_zone,
        "locale": program.locale,
        "starts_on": program.starts_on,
        "ends_on": program.ends_on,
        "point_decimals": program.point.decimals,
    }


_PARTS: dict[str, type[BaseModel]] = {
    "settings": ProgramSettings,
    "tax": TaxPart,
    "prepaid": PrepaidPart,
    "rewards": RewardsPart,
}
"""Columns of a programme that hold a part of its file."""


class CurrencyChanged(ValueError):
    """A programme's currency and the decimals of its point are chosen once: every amount is counted in them."""


class TrainingChanged(ValueError):
    """A programme is for training or for real from its beginning: points of one are worth nothing in the other."""


def _settings(session: Session, program: Program, file: ProgramFile, loaded: Loaded) -> None:
    part = canonical(file)
    if not loaded.created:
        tiers = ProgramSettings.model_validate(program.settings).tiers
        if tiers != file.program.tiers:
            tier_judging.forget(session, program.id, tiers, file.program.tiers)
    if not loaded.created and (
        program.currency != file.program.currency or program.point_decimals != file.program.point.decimals
    ):
        raise CurrencyChanged(
            f"program.currency: {program.code} counts in {program.currency}, its points with {program.point_decimals} "
            "decimals; that cannot change once it has been loaded. Make a new programme."
        )
    if not loaded.created and bool(program.settings.get("training")) != file.program.training:
        raise TrainingChanged(
            f"program.training: {program.code} was made {'to train' if not file.program.training else 'for real'}, and "
            "stays so: what stands on its accounts was earned like that. Make a new programme."
        )
    for name, value in _columns(file).items():
        setattr(program, name, value)
    value = file.program.point.value.scaleb(program.currency_decimals + 6 - program.point_decimals)
    program.point_value_micro = int(value)
    changed = {
        "settings": file.program.model_dump(mode="json", by_alias=True),
        "tax": file.tax.model_dump(mode="json", by_alias=True),
        "import_profiles": {
            name: profile.model_dump(mode="json", by_alias=True, exclude_defaults=True)
            for name, profile in file.import_profiles.items()
        },
        "stacks": {"policies": dict(file.stacks), "named_days": part.get("named_days", {})},
        "prepaid": file.prepaid.model_dump(mode="json", by_alias=True),
        "rewards": file.rewards.model_dump(mode="json", by_alias=True),
    }
    for name, new in changed.items():
        was = getattr(program, name)
        if was != new:
            setattr(program, name, new)
            if not loaded.created and not (name in _PARTS and _means_the_same(_PARTS[name], was, new)):
                loaded.changes.append(f"{name.replace('_', ' ')} changed")
    open_accounts(session, program.id, [None], may_owe=True)
    owing = _returns_policy(session, program.id, may_owe=file.program.returns == "negative")
    if owing:
        loaded.changes.append(f"{owing} accounts that owe may go on owing; load the file again once they have paid")


def _returns_policy(session: Session, program_id: int, *, may_owe: bool) -> int:
    """Let every wallet owe, or none but those that owe already: a debt stays one until it is paid.

    Returns how many may still owe though they should not.
    """
    other = (
        Account.program_id == program_id,
        Account.distributor_id.is_not(None),
        Account.may_owe != may_owe,
    )
    session.execute(
        update(Account)
        .where(*other, true() if may_owe else Account.available >= 0)
        .values(may_owe=may_owe)
        .execution_options(synchronize_session=False)
    )
    return session.execute(select(func.count()).select_from(Account).where(*other)).scalar_one()


def _groups(
    session: Session,
    program_id: int,
    model: type[DistributorGroup] | type[ProductGroup],
    groups: Sequence[Group],
    what: str,
    loaded: Loaded,
) -> None:
    """Create and change groups. A group that left the file stays: products and distributors may stand in it."""
    rows: Iterable[DistributorGroup | ProductGroup] = session.scalars(
        select(model).where(model.program_id == program_id)
    )
    here = {row.code_key: row for row in rows}
    for group in groups:
        known = here.get(code_key(group.code))
        if known is None:
            known = model(
                program_id=program_id, code=group.code, code_key=code_key(group.code), name=group.name, aliases=[]
            )
            session.add(known)
            here[code_key(group.code)] = known
            loaded.changes.append(f"{what} {group.code} created")
        elif (known.name, known.aliases) != (group.name, list(group.aliases)):
            loaded.changes.append(f"{what} {group.code} changed")
        known.name, known.aliases = group.name, list(group.aliases)
    session.flush()
    for group in groups:
        parent = here[code_key(group.parent)].id if group.parent else None
        known = here[code_key(group.code)]
        if known.parent_id != parent:
            known.parent_id = parent
            if f"{what} {group.code} created" not in loaded.changes:
                loaded.changes.append(f"{what} {group.code} moved")
    session.flush()


def expect_groups(session: Session, program_id: int, file: ProgramFile) -> None:
    """Check the groups that the file names outside their own lists.

    Product groups in a rule's scope are left out: an import may bring them later.

    Raises:
        ProgramFileInvalid: There is no such group.
    """
    of_distributors = distributors.group_ids(session, program_id)
    of_products = catalogue.group_ids(session, program_id)
    named = [
        (f"products[{at}].group", item.group, "product", of_products)
        for at, item in enumerate(file.products)
        if item.group is not None
    ]
    for title, rules in (("earning_rules", file.earning_rules), ("matrices", file.matrices)):
        for at, rule in enumerate(rules):
            named += [
                (f"{title}[{at}].scope.distributor_groups[{place}]", group, "distributor", of_distributors)
                for place, group in enumerate(rule.scope.distributor_groups)
            ]
    for at, matrix in enumerate(file.matrices):
        named += [
            (f"matrices[{at}].rates.{row}.{group}", group, "distributor", of_distributors)
            for row, by_group in matrix.rates.items()
            for group in by_group
        ]
    problems = [
        f"{path}: no {what} group is called {group!r}"
        for path, group, what, known in named
        if code_key(group) not in known
    ]
    if problems:
        raise ProgramFileInvalid(problems)


def expect_budgets(session: Session, program_id: int, file: ProgramFile) -> None:
    """Check that no rule is to give less to all together than it has given already.

    Raises:
        ProgramFileInvalid: A budget is below what is spent of it.
    """
    spent = cap_usage.spent_of_budgets(session, program_id)
    scale, problems = scale_of(file), []
    for title, rules in (("earning_rules", file.earning_rules), ("matrices", file.matrices)):
        for at, rule in enumerate(rules):
            if rule.caps is None or rule.caps.budget is None:
                continue
            unit = Unit.POINTS if rule.unit == "points" else Unit.MONEY
            used = spent.get(rule.code, 0)
            if scale.amount(unit, rule.caps.budget) < used:
                decimals = scale.point_decimals if unit is Unit.POINTS else scale.currency_decimals
                problems.append(
                    f"{title}[{at}].caps.budget: {rule.caps.budget} is below the {decimal_text(used, decimals)} "
                    "that are given already"
                )
    if problems:
        raise ProgramFileInvalid(problems)


def _products(
    session: Session, program: Program, file: ProgramFile, loaded: Loaded, actor: str, now: dt.datetime
) -> None:
    groups = catalogue.group_ids(session, program.id)
    rows = [
        catalogue.ProductRow(
            code=item.code,
            name=item.name,
            group_id=groups.get(code_key(item.group)) if item.group else None,
            ean=item.ean,
        )
        for item in file.products
    ]
    moving = Moving(local_date(now, program.time_zone), now, actor)
    created, changed = catalogue.put_products(session, program.id, program.locale, rows, moving=moving)
    if created:
        loaded.changes.append(f"{created} products created")
    if changed:
        loaded.changes.append(f"{changed} products changed")


def _rules(
    session: Session,
    program_id: int,
    rules: Sequence[EarningRuleDefinition | Matrix],
    loaded: Loaded,
    actor: str,
    now: dt.datetime,
) -> None:
    """Publish a new version of every rule that reads otherwise than its newest; retire those that are gone."""
    here = {row.code: row for row in session.scalars(select(EarningRule).where(EarningRule.program_id == program_id))}
    newest = {
        version.rule_id: version
        for version in session.scalars(
            select(EarningRuleVersion)
            .where(EarningRuleVersion.rule_id.in_([row.id for row in here.values()]))
            .order_by(EarningRuleVersion.version)
        )
    }
    for rule in rules:
        definition = rule.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        known = here.get(rule.code)
        if known is None:
            known = EarningRule(program_id=program_id, code=rule.code)
            session.add(known)
            session.flush()
        was = newest.get(known.id)
        same = was is not None and definition_of(was.definition) == definition_of(definition)
        if same and known.retired_at is None:
            continue
        known.retired_at = None
        if not same:
            version = 1 if was is None else was.version + 1
            session.add(
                EarningRuleVersion(
                    rule_id=known.id,
                    version=version,
                    valid_from=rule.valid_from,
                    definition=definition,
                    terms_id=lot_terms.keep(session, program_id, rule.terms),
                    published_at=now,
                    published_by=actor,
                )
            )
            loaded.changes.append(f"rule {rule.code} version {version} published")
        else:
            loaded.changes.append(f"rule {rule.code} earns again")
    kept = {rule.code for rule in rules}
    for code, row in here.items():
        if code not in kept and row.retired_at is None:
            row.retired_at = now
            loaded.changes.append(f"rule {code} retired")
    session.flush()
