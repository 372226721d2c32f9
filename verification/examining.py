"""Documents before the checks: what is known beside them is gathered, the checks look, and the risk decides."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, any_, bindparam, func, literal_column, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased

from app.db.prepared import Prepared
from app.domain.documents.sales import Texts
from app.domain.documents.seller_keys import TAX
from app.domain.measures.calendar import local_date
from app.domain.measures.exact import Ints, places
from app.domain.measures.money import smallest_units
from app.domain.program_file.registration import tax_id_key
from app.domain.program_file.verification_settings import Check, Severity, SourceName, Tuned, Verification
from app.domain.rules.program_rules import ProgramRules
from app.domain.states import DocumentStatus
from app.models.distributors import Distributor
from app.models.sales import SalesDocument
from verification import devices, history, trust
from verification.checks.facts import Allowed, Facts, History
from verification.checks.table import look_at
from verification.incoming import Incoming
from verification.scoring import drawn, risk_of, verdict_of

_SELLERS = Prepared(
    select(Distributor.id, Distributor.blocked, Distributor.tax_id, Distributor.enrolled_on)
    .where(Distributor.id == any_(bindparam("distributors", type_=ARRAY(BigInteger))))
    .order_by(Distributor.id)
)
_SELLER_NAMED = Prepared(
    select(SalesDocument.id)
    .where(
        SalesDocument.program_id == bindparam("program", type_=BigInteger),
        text("strpos(sales_document.document_key, '|tax:') > 0"),
    )
    # in the order of their own index, which is nearly always empty: in no order the planner would look through all
    # documents for one, as it expects a third of them to name a seller
    .order_by(SalesDocument.number_key)
    .limit(literal_column("1"))
)
"""Whether a programme has a document that names its seller."""
_RELATED = aliased(Distributor)
_HEAD = func.coalesce(Distributor.head_office_id, Distributor.id)
_FAMILIES = Prepared(
    select(Distributor.id, _RELATED.tax_id)
    .join(_RELATED, or_(_RELATED.head_office_id == _HEAD, _RELATED.id == _HEAD))
    .where(
        Distributor.id == any_(bindparam("distributors", type_=ARRAY(BigInteger))),
        _RELATED.id != Distributor.id,
        _RELATED.tax_id.is_not(None),
    )
)
"""The tax ids of those with whom distributors share a head office, and of the head office."""


@dataclass(frozen=True)
class Examined:
    """What the checks came to: a status and a risk for each document, and the reasons of those that have some."""

    status: Ints
    risk: Ints
    reasons: defaultdict[int, list[dict[str, Any]]]


def examine(
    session: Session,
    rules: ProgramRules,
    incoming: Incoming,
    source: SourceName,
    keys: Sequence[str],
    now: dt.datetime,
) -> Callable[[], Examined]:
    """Ask for what the checks look at, and give what they find when it is called for.

    Within `app.db.driver.together` what is asked is on its way meanwhile.
    """
    sales, settings = incoming.sales, rules.settings.verification
    checks = _that_may_find(session, rules.program_id, incoming, settings.tuned(source), source)
    who = np.unique(sales.documents.distributor_id)
    key = np.asarray([*keys, None], dtype=object)[:-1]
    sellers = _SELLERS.ask(session, distributors=who)
    claims = source != "import"
    standing = trust.ask(session, who, settings.trust, now) if claims and len(who) else dict
    shared = checks.get(Check.SHARED_DEVICE)
    bought = incoming.buyer_tax_id is not None and Check.OWN_PURCHASE in checks
    families = _FAMILIES.ask(session, distributors=who) if bought else tuple
    senders = devices.ask(session, rules.program_id, incoming.device, shared.days, now) if shared else dict
    asking = history.ask(
        *(session, rules.program_id, sales, incoming.number_key, incoming.seller_key),
        *(key, incoming.proofs, checks),
        refused=claims,
    )

    def examined() -> Examined:
        known, standings = {id_: rest for id_, *rest in sellers()}, standing()
        facts = _facts(rules, incoming, key, known, standings, families(), senders(), asking(), now)
        reasons = look_at(facts, checks)
        if Check.E_INVOICE_CONTRADICTS in checks:
            _explain(reasons, incoming.noted)
        moved = {id_: one.moves(settings.trust) for id_, one in standings.items()}
        found = Examined(
            status=np.full(len(key), DocumentStatus.ACCEPTED, dtype=np.int64),
            risk=np.zeros(len(key), dtype=np.int64),
            reasons=reasons,
        )
        for at, why in reasons.items():
            risk = risk_of(why, checks)
            trusted = moved.get(int(sales.documents.distributor_id[at]), 0)
            found.risk[at], found.status[at] = risk, verdict_of(why, risk, settings, trusted)
        if claims:
            _draw(found, keys, rules.sample_key, settings)
        return found

    return examined


def _that_may_find(
    session: Session, program_id: int, incoming: Incoming, checks: Mapping[Check, Tuned], source: SourceName
) -> Mapping[Check, Tuned]:
    """Leave the checks out that need sellers to be named, where neither a report names one nor anything that is here.

    Most programmes never do, and a million documents need not be looked up by their numbers for it.
    """
    if source != "import" or not checks.keys() & history.NUMBERED or _names_a_seller(incoming):
        return checks
    if _SELLER_NAMED.rows(session, program=program_id):
        return checks
    return {check: tuned for check, tuned in checks.items() if check not in history.NUMBERED}


def _names_a_seller(incoming: Incoming) -> bool:
    return any(key.startswith(TAX) for key in set(incoming.seller_key.tolist()))


def _explain(reasons: defaultdict[int, list[dict[str, Any]]], noted: Texts | None) -> None:
    """Say what was found of e-invoices: how grave that is, the check has said."""
    for at, findings in enumerate(() if noted is None else noted.tolist()):
        for one in findings or ():
            reasons[at].append({**one, "severity": str(Severity.NOTE)})


def _draw(found: Examined, keys: Sequence[str], sample_key: bytes, settings: Verification) -> None:
    """Send some of what would be accepted to a person: nobody can tell which."""
    for at in np.flatnonzero(found.status == DocumentStatus.ACCEPTED).tolist():
        if drawn(keys[at], sample_key, settings.sample_share):
            found.reasons[at].append({"code": "drawn", "severity": Severity.REVIEW})
            found.status[at] = DocumentStatus.REVIEW


def _facts(
    rules: ProgramRules,
    incoming: Incoming,
    key: Texts,
    known: Mapping[int, Sequence[Any]],
    standings: trust.Standings,
    families: Sequence[Sequence[Any]],
    senders: devices.Senders,
    earlier: History,
    now: dt.datetime,
) -> Facts:
    ids = np.asarray(sorted(known), dtype=np.int64)
    at = places(ids, incoming.sales.documents.distributor_id)
    sellers = [known[id_] for id_ in ids.tolist()]
    settings, decimals = rules.settings.verification, rules.currency_decimals
    above = settings.second_person_above
    buyer = incoming.buyer_tax_id
    return Facts(
        sales=incoming.sales,
        number_key=incoming.number_key,
        seller_key=incoming.seller_key,
        buyer=_tax_ids([None] * len(key) if buyer is None else buyer.tolist()),
        key=key,
        total_minor=incoming.total_minor,
        blocked=np.asarray([one[0] for one in sellers], dtype=bool)[at],
        tax_id=_tax_ids([one[1] for one in sellers])[at],
        enrolled_on=np.asarray([one[2] for one in sellers], dtype="datetime64[D]")[at],
        lately=np.asarray([standings.get(id_, trust.UNKNOWN).lately for id_ in ids.tolist()], dtype=np.int64)[at],
        proofs=incoming.proofs,
        allowed=Allowed(
            starts_on=rules.book.starts_on,
            ends_on=rules.book.ends_on,
            today=np.datetime64(local_date(now, rules.time_zone), "D"),
            decimals=decimals,
            claim_within_days=settings.claim_within_days,
            second_person_above_minor=None if above is None else smallest_units(above, decimals),
            sellers=frozenset(tax_id_key(one) for one in settings.sellers),
        ),
        history=earlier,
        noted=incoming.noted,
        device=incoming.device,
        senders=senders,
        pdfs=incoming.pdfs,
        readings=incoming.readings,
        family=_families(families),
    )


def _families(rows: Sequence[Sequence[Any]]) -> dict[int, set[str]]:
    found: defaultdict[int, set[str]] = defaultdict(set)
    for id_, tax_id in rows:
        found[id_].add(tax_id_key(tax_id))
    return found


def _tax_ids(written: Sequence[str | None]) -> Texts:
    """Give tax ids as they are compared."""
    return np.asarray([*(tax_id_key(one) if one else None for one in written), None], dtype=object)[:-1]
