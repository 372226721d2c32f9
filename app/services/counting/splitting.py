"""What documents earn goes to companies and to people, and what returns take back comes from where it went.

A document of somebody with an account is noted with the shares of that day: returns and corrections read them there,
whatever the programme says by then.
"""

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy import BigInteger, all_, any_, cast, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.db.bulk import copy_into
from app.db.many import any_of
from app.domain.documents.sales import Documents
from app.domain.measures.exact import Ints
from app.domain.measures.sharing import parts_of, share
from app.domain.program_file.point_shares import Division, Taken, division, grown
from app.domain.rules.program_rules import ProgramRules
from app.domain.states import COUNTING
from app.models.distributors import Distributor
from app.models.rules import EarningRuleVersion
from app.models.sales import Award, PersonReversal, PersonShare, SalesDocument
from app.services.counting.award_posting import Given
from app.services.counting.returns import Reversals, taken_of
from app.services.persons.rosters import NOBODY, WHO_NOW, Roster, name_key
from app.services.persons.sellers import whose_sales

_Key = tuple[int, int, int]
"""A document that sold, the unit, the terms (0: the programme's own)."""


@dataclass(frozen=True)
class Sharing:
    """With whose accounts each of some documents shares what it earns, and by what weights.

    ``company``, ``weight`` and ``once`` are of each document: the company's weight, that of all, and that of what the
    rules gave. Of the people there is a row each: the document's position (rising), the account, and the weight.
    """

    roster: Roster
    company: Ints
    weight: Ints
    once: Ints
    document: Ints
    person_id: Ints
    of_person: Ints

    @staticmethod
    def of(
        session: Session, rules: ProgramRules, roster: Roster, documents: Documents, document_ids: Ints, locked: Ints
    ) -> "Sharing":
        """Tell it of documents that are stored. Only those whose wallets are ``locked`` get anything."""
        one = np.ones(len(documents), dtype=np.int64)
        company, weight, once = one, one.copy(), one.copy()
        rows: list[tuple[int, int, int]] = []
        if roster is not NOBODY and rules.settings.accounts.shares.of_person:
            mine, names = set(locked.tolist()), whose_sales(session, rules, documents, document_ids)
            for at in sorted(names):
                found = divided_among(rules, roster, int(documents.distributor_id[at]), names[at], mine)
                if found is not None:
                    company[at], weight[at], once[at] = found.company, found.all, found.once
                    rows += [(at, *part) for part in found.people.items()]
        table = np.asarray(rows, dtype=np.int64).reshape(-1, 3)
        return Sharing(roster, company, weight, once, table[:, 0], table[:, 1], table[:, 2])

    def grow(self, amount: Ints, document: Ints) -> Ints:
        """Let what the rules gave to lines of documents grow, where each of several people gets the whole."""
        return grown(amount, self.weight[document], self.once[document])

    def note(self, session: Session, document_ids: Ints, earning: Ints) -> None:
        """Note the shares of documents that earned something; ``earning`` are their positions."""
        some = np.isin(self.document, earning)
        if some.any():
            document = self.document[some]
            shares = {
                "document_id": document_ids[document],
                "place": np.arange(len(document)) - np.searchsorted(document, document) + 1,
                "person_id": self.person_id[some],
                "weight": self.of_person[some],
                "of_weight": self.weight[document],
                "once_weight": self.once[document],
            }
            copy_into(session, PersonShare, shares)

    def divide(self, given: Given) -> Given:
        """Give each its part of what documents earned: the company's stands before the people's."""
        first = np.searchsorted(self.document, given.document)
        people = np.searchsorted(self.document, given.document, side="right") - first
        if not people.any():
            return given
        row = np.repeat(np.arange(len(given.amount)), people + 1)
        place = np.arange(len(row)) - np.searchsorted(row, row)
        of_company = place == 0
        at = np.where(of_company, 0, first[row] + place - 1)
        document = given.document[row]
        weight = np.where(of_company, self.company[document], self.of_person[at])
        owner = np.where(of_company, given.owner_id[row], self.person_id[at])
        amount = share(given.amount, row, weight)
        some = np.flatnonzero(amount > 0)
        return Given(document[some], given.terms_id[row][some], amount[some], owner[some])

    def take_back(self, session: Session, document_ids: Ints, reversals: Reversals) -> Reversals:
        """Let each give back its part of what returns take. Documents, awards and reversals are stored already."""
        if self.roster is NOBODY or not len(reversals.amount):
            return reversals
        shares = _shares_of(session, np.unique(reversals.sale_document_id).tolist())
        if not shares:
            return reversals
        standing = _standing(session, shares, document_ids.tolist())
        return _divided(session, reversals, shares, standing)


def divided_among(
    rules: ProgramRules, roster: Roster, company_id: int, names: Sequence[str], locked: Container[int] | None = None
) -> Division | None:
    """Say how a sale of a company is divided among people by these names; None: it is the company's alone."""
    accounts = [roster.earning.get((company_id, name_key(name)), 0) for name in names]
    if locked is not None:
        accounts = [account if account in locked else 0 for account in accounts]
    settings = rules.settings
    return division(settings.accounts.shares.of_person, accounts, settings.verification.each_claimant_gets)


@dataclass(frozen=True)
class _Shares:
    """How one document was shared: the weight of the company, and of each person as they are called now."""

    company: int
    people: tuple[int, ...]
    weights: tuple[int, ...]

    def parts(self, total: int) -> list[int]:
        """Divide what the document gave: the company's, and each person's. Two that are one by now are added up."""
        first, *parts = parts_of(total, [self.company, *self.weights])
        whose: dict[int, int] = dict.fromkeys(self.people, 0)
        for person, part in zip(self.people, parts, strict=True):
            whose[person] += part
        return [first, *whose.values()]


def _shares_of(session: Session, document_ids: Sequence[int]) -> dict[int, _Shares]:
    rows = session.execute(
        select(PersonShare.document_id, WHO_NOW, PersonShare.weight, PersonShare.of_weight)
        .join(Distributor, Distributor.id == PersonShare.person_id)
        .where(PersonShare.document_id == any_of(document_ids))
        .order_by(PersonShare.document_id, PersonShare.place)
    )
    found: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for document, person, weight, of_all in rows:
        found[document].append((person, weight, of_all))
    return {
        document: _Shares(
            parts[0][2] - sum(weight for _, weight, _ in parts),
            tuple(person for person, _, _ in parts),
            tuple(weight for _, weight, _ in parts),
        )
        for document, parts in found.items()
    }


def _standing(session: Session, shares: Mapping[int, _Shares], returning: Sequence[int]) -> dict[_Key, Taken]:
    """Tell what shared documents gave to each, and what earlier returns took of it; ``returning`` are not earlier."""
    documents = literal(list(shares), ARRAY(BigInteger))
    rows = session.execute(
        select(
            Award.document_id,
            Award.unit,
            EarningRuleVersion.terms_id,
            cast(func.sum(Award.amount), BigInteger),
        )
        .join(EarningRuleVersion, EarningRuleVersion.id == Award.rule_version_id)
        .where(Award.document_id == any_(documents))
        .group_by(Award.document_id, Award.unit, EarningRuleVersion.terms_id)
    ).all()
    taken = taken_of(session, list(shares), but=returning)
    of_people = taken_from_people(session, list(shares), but=returning)
    found: dict[_Key, Taken] = {}
    for document, unit, terms, total in rows:
        key = document, int(unit), terms or 0
        theirs = [of_people.get((*key, person), 0) for person in dict.fromkeys(shares[document].people)]
        found[key] = Taken(shares[document].parts(total), [taken.get(key, 0) - sum(theirs), *theirs])
    return found


def _divided(
    session: Session, reversals: Reversals, shares: Mapping[int, _Shares], standing: dict[_Key, Taken]
) -> Reversals:
    """Divide what returns take of shared documents, in counting order, and note what they take from people."""
    whole: dict[tuple[int, int, int, int], int] = defaultdict(int)
    companies: dict[tuple[int, int, int, int], int] = {}
    columns = (reversals.return_document_id, reversals.sale_document_id, reversals.unit, reversals.terms_id)
    for *key, owner, amount in zip(
        *(column.tolist() for column in columns), reversals.owner_id.tolist(), reversals.amount.tolist(), strict=True
    ):
        returning, sale, unit, terms = key
        whole[returning, sale, unit, terms] += amount
        companies[returning, sale, unit, terms] = owner
    rows: list[tuple[int, ...]] = []
    noted: list[tuple[int, ...]] = []
    for (returning, sale, unit, terms), amount in whole.items():
        owners = [companies[returning, sale, unit, terms]]
        parts = [amount]
        if sale in shares:
            owners += dict.fromkeys(shares[sale].people)
            parts = standing[sale, unit, terms].take(amount)
        there = [(returning, sale, unit, terms, part, owner) for owner, part in zip(owners, parts, strict=True)]
        rows += [row for row in there if row[4]]
        noted += [row for row in there[1:] if row[4]]
    if noted:
        names = ("return_document_id", "sale_document_id", "unit", "terms", "amount", "person_id")
        copy_into(session, PersonReversal, dict(zip(names, np.asarray(noted, dtype=np.int64).T, strict=True)))
    table = np.asarray(rows, dtype=np.int64).reshape(-1, 6)
    return replace(
        reversals,
        return_document_id=table[:, 0],
        sale_document_id=table[:, 1],
        unit=table[:, 2],
        terms_id=table[:, 3],
        amount=table[:, 4],
        owner_id=table[:, 5],
    )


def taken_from_people(
    session: Session, document_ids: Sequence[int], *, but: Sequence[int]
) -> dict[tuple[int, int, int, int], int]:
    """Sum what returns that count, but for some, took from people of what documents gave them.

    By document that sold, unit, terms and the person as they are called now.
    """
    rows = session.execute(
        select(
            PersonReversal.sale_document_id,
            PersonReversal.unit,
            PersonReversal.terms,
            WHO_NOW,
            cast(func.sum(PersonReversal.amount), BigInteger),
        )
        .join(SalesDocument, SalesDocument.id == PersonReversal.return_document_id)
        .join(Distributor, Distributor.id == PersonReversal.person_id)
        .where(
            PersonReversal.sale_document_id == any_of(document_ids),
            PersonReversal.return_document_id != all_(literal(list(but), ARRAY(BigInteger))),
            SalesDocument.status.in_(COUNTING),
        )
        .group_by(PersonReversal.sale_document_id, PersonReversal.unit, PersonReversal.terms, WHO_NOW)
    )
    return {(document, int(unit), terms, person): amount for document, unit, terms, person, amount in rows}


def people_of(session: Session, document_ids: Sequence[int]) -> dict[int, list[int]]:
    """Give the people with whom each shared document is shared, as they are called now."""
    return {
        document: list(dict.fromkeys(shares.people)) for document, shares in _shares_of(session, document_ids).items()
    }


def gone_of_people(
    session: Session, document_ids: Sequence[int]
) -> dict[tuple[int, int, int, int], list[tuple[int, int]]]:
    """Give what returns took from whom, by returning document, document that sold, unit and terms."""
    rows = session.execute(
        select(
            PersonReversal.return_document_id,
            PersonReversal.sale_document_id,
            PersonReversal.unit,
            PersonReversal.terms,
            WHO_NOW,
            PersonReversal.amount,
        )
        .join(Distributor, Distributor.id == PersonReversal.person_id)
        .where(PersonReversal.return_document_id == any_of(document_ids))
        .order_by(PersonReversal.person_id)
    )
    found: dict[tuple[int, int, int, int], list[tuple[int, int]]] = defaultdict(list)
    for returning, sale, unit, terms, person, amount in rows:
        found[returning, sale, int(unit), terms].append((person, amount))
    return found
