"""What the names of a batch mean, and what becomes known because its profile says so.

A dry run pretends: what it would create has numbers below ``UNKNOWN`` until a shard creates it, for as long as it runs.
"""

import datetime as dt
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from app.domain.documents.sales import UNKNOWN, Documents, Lines, Sales
from app.domain.measures.exact import Ints
from app.domain.program_file.definition import ProgramSettings
from app.domain.program_file.import_profile import ImportProfile
from app.domain.typed.codes import code_key
from app.jobs.board import Work
from app.models.imports import ImportBatch
from app.models.programs import Program
from app.services.goods import catalogue
from app.services.imported import aliases
from app.services.imported.unmatched import Seen
from app.services.participants import distributor_rows, distributors
from importers.batches import batches
from importers.batches.store import BatchFiles
from importers.names.matching import Matched, Sought, match
from importers.names.unknown_names import seen
from importers.problems.problems import Problems
from importers.typed.grouping import Grouped, group
from importers.typed.sales_rows import SalesRows
from importers.typed.units import in_our_units
from verification.incoming import Incoming


class Known:
    """Matches the codes of a batch, creating what its profile says is to be created."""

    def __init__(
        self,
        work: Work,
        batch: ImportBatch,
        program: Program,
        settings: ProgramSettings,
        profile: ImportProfile,
        now: dt.datetime,
    ) -> None:
        """Take the batch, and what its profile says."""
        self.work = work
        self.batch = batch
        self.program = program
        self.settings = settings
        self.profile = profile
        self.now = now
        self.created: dict[str, list[dict[str, Any]]] = {"distributors": [], "products": []}
        self.distributors: Matched
        self.products: Matched

    def rows(self, rows: SalesRows, problems: Problems) -> SalesRows:
        """Find the distributor and the product of each row. Gives the rows in our units."""
        with self.work.transaction() as session:
            distributor_names = aliases.distributor_names(session, self.program.id, self.batch.profile_name)
            product_names = aliases.product_names(session, self.program.id, self.batch.profile_name)
        bad = np.isin(rows.row_number, problems.rows())
        self.distributors = match(
            Sought("distributor", rows.distributor, rows.distributor_name, rows.row_number, bad),
            distributor_names,
            self.profile.unknown_distributor,
            functools.partial(self._create_distributors, rows),
            problems,
        )
        bad |= np.isin(rows.row_number, problems.rows())
        self.products = match(
            Sought("product", rows.product, rows.product_name, rows.row_number, bad, self.distributors.id),
            product_names,
            self.profile.unknown_product,
            self._create_products,
            problems,
        )
        return in_our_units(rows, self.products.unit_milli, problems)

    def grouped(self, rows: SalesRows, problems: Problems, broken: Mapping[int, Sequence[str]]) -> Grouped:
        """Put the rows together into documents."""
        ignored = self.distributors.ignored | self.products.ignored
        return group(rows, self.distributors.id, self.products.id, problems, broken, ignored)

    def seen(self, rows: SalesRows) -> list[Seen]:
        """Count what waits for names that nobody knows."""
        return seen(rows, self.distributors, self.products)

    def _create_distributors(self, rows: SalesRows, codes: list[str], names: dict[str, str]) -> dict[str, int]:
        countries: dict[str, str] = {}
        if rows.country is not None:
            said = np.asarray([country is not None for country in rows.country], dtype=bool)
            told = np.flatnonzero((rows.distributor.code >= 0) & said)
            first, at = np.unique(rows.distributor.code[told], return_index=True)
            countries = {
                rows.distributor.written[code]: rows.country[row]
                for code, row in zip(first.tolist(), told[at].tolist(), strict=True)
            }
        if self.batch.dry_run:
            return self._pretend("distributors", codes, names, countries)
        with self.work.transaction() as session:
            # with what it counts: whoever reads the file again after a kill finds them here already
            batches.add_counts(session, self.batch.id, {"distributors_created": len(codes)})
            return distributor_rows.create_distributors(
                session,
                self.program.id,
                self.program.locale,
                codes,
                names,
                countries,
                enrolled_on=distributor_rows.new_since(session, self.program, self.now),
                may_owe=self.settings.returns == "negative",
            )

    def _create_products(self, codes: list[str], names: dict[str, str]) -> dict[str, int]:
        if self.batch.dry_run:
            return self._pretend("products", codes, names, {})
        with self.work.transaction() as session:
            batches.add_counts(session, self.batch.id, {"products_created": len(codes)})
            return catalogue.create_products(session, self.program.id, self.program.locale, codes, names)

    def _pretend(self, what: str, codes: list[str], names: dict[str, str], countries: dict[str, str]) -> dict[str, int]:
        """Give what a dry run may not create numbers below ``UNKNOWN``; a shard creates it for as long as it runs."""
        listed = self.created[what]
        for code in codes:
            listed.append({"code": code, "name": names.get(code, code), "country": countries.get(code)})
        return {code_key(one["code"]): UNKNOWN - 1 - at for at, one in enumerate(listed)}


def create_for_now(
    session: Session, batch: ImportBatch, files: BatchFiles, incoming: Incoming, now: dt.datetime
) -> Incoming:
    """Create, inside a transaction that will be undone, what a dry run only pretended to create."""
    created = files.load_created()
    program = session.get_one(Program, batch.program_id)
    sales = incoming.sales

    def listed(what: str, ids: Ints) -> list[dict[str, Any]]:
        return [created[what][UNKNOWN - 1 - one] for one in np.unique(ids[ids < UNKNOWN]).tolist()]

    who, what = listed("distributors", sales.documents.distributor_id), listed("products", sales.lines.product_id)
    if who:
        distributor_rows.create_distributors(
            session,
            program.id,
            program.locale,
            [one["code"] for one in who],
            {one["code"]: one["name"] for one in who},
            {},
            enrolled_on=distributor_rows.new_since(session, program, now),
            may_owe=program.settings.get("returns", "negative") == "negative",
        )
    if what:
        catalogue.create_products(
            session,
            program.id,
            program.locale,
            [one["code"] for one in what],
            {one["code"]: one["name"] for one in what},
        )
    by_code = distributors.distributor_ids(session, program.id), catalogue.product_ids(session, program.id)

    def real(ids: Ints, kind: str, known: dict[str, int]) -> Ints:
        spread = ids.copy()
        for at in np.flatnonzero(ids < UNKNOWN).tolist():
            spread[at] = known[code_key(created[kind][UNKNOWN - 1 - int(ids[at])]["code"])]
        return spread

    documents = Documents(
        **{
            **sales.documents.__dict__,
            "distributor_id": real(sales.documents.distributor_id, "distributors", by_code[0]),
        }
    )
    lines = Lines(**{**sales.lines.__dict__, "product_id": real(sales.lines.product_id, "products", by_code[1])})
    return Incoming(Sales(documents, lines), incoming.number_key, incoming.seller_key, incoming.total_minor)
