"""What there is to see in tests of pages: programme A with 60 distributors and an import, programme B beside it."""

import csv
import datetime as dt
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyotp
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.config import Settings, secret_key
from app.db.transaction import transaction
from app.domain.roles import MONEY_ROLES, OF_A_DISTRIBUTOR, Role
from app.domain.states import DocumentStatus, JobState
from app.extensions import db
from app.factory import create_app, register_jobs
from app.jobs import worker
from app.local.servers import Addresses
from app.models.distributors import Distributor
from app.models.jobs import Job
from app.models.people import UserAccount
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.services.access import people as accounts
from app.services.access import second_factors
from app.services.access.keys import Keys
from app.services.participants.distributor_rows import DistributorRow, put_distributors
from app.services.participants.distributors import distributor_ids
from importers.batches import batches
from tests.support.programs import document, goods, load
from tests.support.sales import Sold, sell

PASSWORD = "correct horse battery"
HOSTILE = "<svg onload=alert(1)>"
FORMULA = "=1+1"
CYRILLIC = "ООО «Ромашка» & партнёры"
HOSTILE_FILE = '<svg onload=alert(2)> ../продажи "май".csv'


class Reader(FlaskClient):
    """A browser whose owner reads English, whatever the programme's language is."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"


class Compiled(BytecodeCache):
    """The templates as they were compiled in this process: every file of tests has an application of its own."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what was compiled of the same text."""
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it for the next application."""
        self._kept[bucket.key, bucket.checksum] = bucket.code


_COMPILED = Compiled()
_STAFF = [role for role in Role if role not in OF_A_DISTRIBUTOR]


@dataclass
class World:
    """The application and the ids of what is in it."""

    app: Flask
    settings: Settings
    a: str
    b: str
    password: str = PASSWORD
    distributors: dict[str, int] = field(default_factory=dict)
    distributor_of_b: int = 0
    documents: dict[str, int] = field(default_factory=dict)
    document_of_b: int = 0
    batch: int = 0
    batch_of_b: int = 0
    later: dt.timedelta = dt.timedelta(0)

    def login(self, name: str) -> str:
        """Give the sign-in name of one of the people."""
        return f"{name}@{self.a}.example"

    def code(self, login: str) -> str | None:
        """Give the code that somebody's authenticator app shows, as if none was used before; None for most people."""
        with self.app.app_context(), transaction(db.session) as session:
            user = session.scalars(select(UserAccount).where(UserAccount.login == login)).one()
            if user.totp_since is None or user.totp_secret is None:
                return None
            user.totp_last_step = None
            return pyotp.TOTP(self.keys.unseal(user.totp_secret)).at(self.clock())

    def number_of_distributors(self) -> int:
        """Count those of programme A: some tests take others in, in whatever order tests are run."""
        with self.app.app_context(), transaction(db.session) as session:
            of_a = select(func.count()).select_from(Distributor).join(Program).where(Program.code == self.a)
            return session.execute(of_a).scalar_one()

    @property
    def keys(self) -> Keys:
        """Give what seals secrets here."""
        return Keys(secret_key(self.settings))

    def clock(self) -> dt.datetime:
        """Tell the time; ``later`` moves it."""
        return dt.datetime.now(dt.UTC) + self.later

    def close(self) -> None:
        """Let go of everything, and leave no job to those who come after: the files of ours are gone then."""
        self.app.extensions["kontor"]["attempts"].close()
        with self.app.app_context():
            with transaction(db.session) as session:
                session.execute(delete(Job).where(Job.state == JobState.QUEUED))
            db.session.remove()
            db.engine.dispose()


def build(addresses: Addresses, home: Path, *, small: bool = False) -> World:
    """Make the application and everything in it; a small one has lists of a few rows, where pages are asked often."""
    chosen = Settings(home=home)
    tag = uuid.uuid4().hex[:8]
    world = World(app=Flask("not yet"), settings=chosen, a=f"web-a-{tag}", b=f"web-b-{tag}")
    world.app = create_app(chosen, addresses, world.clock, web=True)
    world.app.jinja_env.bytecode_cache = _COMPILED
    world.app.testing = True
    world.app.test_client_class = Reader
    register_jobs(world.app)
    with world.app.app_context():
        with transaction(db.session) as session:
            a, b = _programs(session, world, 8 if small else 60)
            _people(session, world, a, b)
        with transaction(db.session) as session:
            _sales(session, world, invoices=10 if small else 120, lines=3 if small else 70)
        world.batch = import_rows(world, world.a, HOSTILE_FILE, _ROWS)
        world.batch_of_b = import_rows(world, world.b, "b.csv", [("B-1", "2026-03-01", "D-0", "P1", "1", "10,00")])
        db.session.remove()
    return world


_ROWS = [
    *((f"IMP/{number}", "2026-04-01", "D-5", "P1", "2", "200,00") for number in range(8)),
    *((f"BAD/{number}", "2026-04-01", "D-5", "NONE", "1", "10,00") for number in range(3)),
    ("BAD/9", "soon", "D-5", "P1", "1", "10,00"),
    ("BAD/10", "2026-04-01", "D-999", "P1", "1", "10,00"),
]


def _programs(session: Session, world: World, distributors: int) -> tuple[Program, Program]:
    profile = {
        "columns": {
            "document_number": "number",
            "issued_on": "date",
            "distributor": "distributor",
            "product": "product",
            "quantity": "quantity",
            "net_amount": "net",
        },
        "decimal": ",",
    }
    reviewing = {"verification": {"import": "accept", "portal": "review", "people_per_sale": 2}}
    a = load(
        session,
        document(world.a, program={"name": f"A {HOSTILE}", **reviewing}, import_profiles={"sales": profile}),
    )
    picking = {"verification": {"people_per_sale": 1}}
    b = load(session, document(world.b, program={"name": "B", **picking}, import_profiles={"sales": profile}))
    names = {0: HOSTILE, 1: FORMULA, 2: CYRILLIC, 3: "100% sicher_GmbH"}
    rows = [DistributorRow(code=f"D-{at}", name=names.get(at, f"Distributor {at:02d}")) for at in range(distributors)]
    started = dt.date(2026, 1, 1)
    put_distributors(session, a.id, "pl", rows, enrolled_on=started, may_owe=True)
    put_distributors(session, b.id, "pl", rows[:2], enrolled_on=started, may_owe=True)
    world.distributors = {code.upper(): id_ for code, id_ in distributor_ids(session, a.id).items()}
    world.distributor_of_b = distributor_ids(session, b.id)["d-0"]
    goods(session, a, {"P1": "drills", "P2": None})
    goods(session, b, {"P1": "drills"})
    return a, b


def _people(session: Session, world: World, a: Program, b: Program) -> None:
    def add(name: str, program: Program | None = None, role: Role | None = None, of: int | None = None) -> None:
        login = world.login(name)
        owner = name == "owner"
        now = world.clock()
        user_id = accounts.create_user(session, login, name, PASSWORD, platform_owner=owner, actor="test", now=now)
        if owner or role in MONEY_ROLES:
            _with_an_app(session, world, user_id)
        if program is not None and role is not None:
            accounts.give_role(session, login, program, role, of, actor="test", now=now)

    add("owner")
    for role in _STAFF:
        add(role.value, a, role)
    add("stranger", b, Role.ADMINISTRATOR)
    add("distributor", a, Role.OWNER, world.distributors["D-5"])
    add("other", a, Role.OWNER, world.distributors["D-6"])
    add("rep", a, Role.REP, world.distributors["D-5"])
    add("nobody")


def _with_an_app(session: Session, world: World, user_id: int) -> None:
    """Give somebody an authenticator app."""
    second_factors.begin_totp(session, world.keys, user_id)
    pending = second_factors.pending_totp(session, world.keys, user_id)
    assert pending is not None
    code = pyotp.TOTP(pending[0]).at(world.clock())
    now = world.clock()
    assert second_factors.prove_totp(session, world.keys, user_id, code, reset_page="https://x.example/reset", now=now)


def _sales(session: Session, world: World, *, invoices: int, lines: int) -> None:
    """Give D-5 invoices of one line, one of many lines, and a return; and D-6 a return that no sale explains."""
    from app.domain.states import DocumentKind

    a = session.scalars(select(Program).where(Program.code == world.a)).one()
    b = session.scalars(select(Program).where(Program.code == world.b)).one()
    p1, p2 = (found[1] for found in sorted(_products(session, a.id).items()))
    mine, others = world.distributors["D-5"], world.distributors["D-6"]
    day = dt.date(2026, 2, 1)
    sold = [
        Sold(f"FV/{at}", mine, p1, 1, 10_000 + at, str(day + dt.timedelta(days=at // 10))) for at in range(invoices)
    ]
    sold += [Sold("FV/LONG", mine, p1, 1, 5_000, "2026-03-10") for _ in range(lines)]
    sold += [Sold(f"<b>{HOSTILE}", others, p1, 10, 50_000, "2026-03-01")]
    sell(session, a, sold)
    back = DocumentKind.CREDIT_NOTE
    sell(session, a, [Sold("KOR/1", mine, p1, -1, -10_000, "2026-03-20", back, corrects="FV/0")])
    sell(session, a, [Sold("KOR/2", others, p2, -1, -10_000, "2026-03-20", back)])
    sell(session, b, [Sold("FV/B", world.distributor_of_b, _products(session, b.id)["P1"], 1, 10_000)])
    found = session.execute(select(SalesDocument.number, SalesDocument.id).where(SalesDocument.program_id == a.id))
    world.documents = {row.number: row.id for row in found}
    world.document_of_b = session.scalars(select(SalesDocument.id).where(SalesDocument.program_id == b.id)).one()
    in_review = select(SalesDocument.id).where(
        SalesDocument.program_id == a.id, SalesDocument.status == DocumentStatus.REVIEW
    )
    assert session.scalars(in_review).all() == [world.documents["KOR/2"]]


def _products(session: Session, program_id: int) -> dict[str, int]:
    from app.models.catalogue import Product

    rows = session.execute(select(Product.code, Product.id).where(Product.program_id == program_id))
    return {row.code: row.id for row in rows}


def begin_import(world: World, program_code: str, name: str, rows: list[tuple[str, ...]]) -> int:
    """Take a file in and leave the work to whoever does it. Call it within a context of the application."""
    path = world.settings.home / "incoming.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(("number", "date", "distributor", "product", "quantity", "net"))
        writer.writerows(rows)
    with transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == program_code)).one()
        return batches.start(
            session,
            world.settings,
            program,
            "sales",
            path,
            file_name=name,
            profile_name=None,
            dry_run=False,
            actor="test",
            now=world.clock(),
        )


def import_rows(world: World, program_code: str, name: str, rows: list[tuple[str, ...]]) -> int:
    """Import a file, all the way."""
    batch_id = begin_import(world, program_code, name, rows)
    while do_one_job(world):
        pass
    return batch_id


def do_one_job(world: World) -> bool:
    """Do the next job on the board; tell whether there was one. Call it within a context of the application."""
    return worker.do_one(worker.Bench(db.session, db.engine, world.settings.lease_seconds))
