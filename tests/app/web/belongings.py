"""One thing of every kind for both programmes of a world, and for both distributors of the first.

Each holds a word by which it is known wherever it turns up: a page that shows it to anybody else has a leak.
"""

import csv
import datetime as dt
import functools
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db.transaction import transaction
from app.domain.measures.scale import Scale
from app.domain.program_file.promotion_definition import Promotion as PromotionDefinition
from app.domain.program_file.purchase_settings import Purchases
from app.domain.program_file.registration import AnswerKind, Question
from app.domain.roles import Role
from app.domain.states import ApplicationState, RuleDraftSubject, RulesOf, TopUpKind, Unit
from app.extensions import db
from app.jobs import simulating
from app.models.aliases import DistributorAlias, ProductAlias, UnknownName
from app.models.catalogue import Product
from app.models.desk import SavedView
from app.models.distributors import Distributor, DistributorGroup
from app.models.joining import Application, TermsVersion
from app.models.ledger import Account, LedgerTransaction, Lot
from app.models.messages import Message
from app.models.people import Membership, UserAccount
from app.models.prepaid import Card, LoadBatch, LoadResponse, Redemption, TopUp
from app.models.programs import Program
from app.models.promotions import PromotionStanding
from app.models.rules import EarningRule
from app.models.sales import SalesDocument
from app.models.signing_in import Passkey, SignInSession
from app.services import rulebooks
from app.services.access import invitations, people, second_factors, ways_in
from app.services.by_hand import adjustments, disputes
from app.services.goods import catalogue
from app.services.goods.catalogue import ProductRow
from app.services.imported import aliases
from app.services.joining import registration, terms
from app.services.orders import purchase_credits
from app.services.participants.distributor_rows import DistributorRow, put_distributors
from app.services.promotions import bringing_up, publishing
from app.services.promotions.reading import promotion_by_code
from app.services.rules import rule_drafts
from app.services.scenarios import asking
from app.services.setup import import_profiles, logos
from app.services.telling import notices, texts
from app.web.look.font_making import WEIGHTS, edition
from importers import drafts
from prepaid import jobs
from prepaid.cards import cards
from prepaid.conversions import preparing, runs
from prepaid.loads import settling
from tests.app.services.setup.test_logos import png
from tests.app.web.export_belongings import make_exports, put_exports
from tests.app.web.ordered_belongings import put_orders
from tests.app.web.owned_belongings import put_owned
from tests.app.web.reconciled import put_statement
from tests.app.web.taxed_belongings import put_tax
from tests.app.web.world import World, do_one_job, import_rows
from tests.support.photos import pages
from tests.support.programs import NOW
from tests.support.sales import Sold, sell
from verification.claiming import claims, proofs
from verification.claiming.claimed import ClaimedInvoice, ClaimedLine

OURS = "axolotl"
"""Known in the first programme, to those who run it alone."""
MINE = "numbat"
"""Of the distributor whose owner is `distributor`; not of the things that bear the name of its rep."""
OTHERS = "ocelot"
"""Of the other distributor of the first programme."""
FOREIGN = "quetzal"
"""Of the second programme."""
WORDS = (OURS, MINE, OTHERS, FOREIGN)

_TEXT = "invitation.subject"


@dataclass
class Belongings:
    """Ids, by kind and by whose they are: ``a`` and ``b`` of a programme, ``mine`` and ``others`` of a distributor."""

    of: dict[str, dict[str, Any]] = field(default_factory=dict)

    def put(self, kind: str, whose: str, id_: Any) -> None:
        """Note one."""
        self.of.setdefault(kind, {})[whose] = id_


def fill(world: World) -> Belongings:
    """Give both programmes of a world what they lack."""
    made = Belongings()
    made.of["text"] = {"a": _TEXT, "b": _TEXT}
    made.of["font"] = {"a": _font(world)}
    with world.app.app_context():
        with transaction(db.session) as session:
            a, b = (session.scalars(select(Program).where(Program.code == code)).one() for code in (world.a, world.b))
            _distributors(session, world, a, b, made)
            _sales(session, world, a, b, made)
            for whose, program, word in (("a", a, OURS), ("b", b, FOREIGN)):
                _of_program(session, world, program, whose, word, made)
            _of_distributors(session, world, a, b, made)
            made.put("credit_code", "b", _credit(session, world, b, made.of["distributor"]["b"]))
            of = made.of["distributor"]
            owners = {
                "mine": ("a", of["mine"], MINE),
                "others": ("a", of["others"], OTHERS),
                "b": ("b", of["b"], FOREIGN),
            }
            made.of |= put_owned(session, world, {"a": (a, OURS), "b": (b, FOREIGN)})
            made.of |= put_orders(session, world, {"a": (a, OURS), "b": (b, FOREIGN)}, owners)
        for whose, code, word in (("a", world.a, OURS), ("b", world.b, FOREIGN)):
            made.put("batch", whose, import_rows(world, code, f"{word}.csv", [("X", "soon", "D-0", word, "1", "1,00")]))
            _drafts(world, code, whose, word, made)
            _runs(world, code, whose, made)
        make_exports(world, made)
        with transaction(db.session) as session:
            _claims(session, world, made)
            _chains(session, made)
        with transaction(db.session) as session:
            for whose, code in (("a", world.a), ("b", world.b)):
                unknown = select(UnknownName.id).join(Program).where(Program.code == code).order_by(UnknownName.id)
                made.put("unknown", whose, session.scalars(unknown.limit(1)).one())
                _names(session, world, code, whose, made)
            _tokens(session, world, made)
        db.session.remove()
    return made


def _promotion(session: Session, program: Program, whose: str, word: str, now: dt.datetime) -> int:
    """Publish a promotion, bring it up to date, and write a draft of what comes next.

    Distributors are told of it: in the first programme it holds no word that is not theirs.
    """
    named = word if whose == "b" else "spring"
    told = {
        "code": f"promotion-of-{whose}",
        "name": f"{named} days",
        "from": "2026-01-01",
        "until": "2026-12-31",
        "target": {"default": 10},
        "steps": [{"reach": 10_000, "reward": {"points": 1}}],
        "gates": [{"name": f"{named} as well", "least": 1}],
        "ranking": {"prizes": [{"from": 1, "to": 3, "points": 1}]},
    }
    scale = Scale(program.point_decimals, program.currency_decimals)
    for keep in (publishing.draft, functools.partial(publishing.publish, scale=scale), publishing.draft):
        keep(session, program.id, PromotionDefinition.model_validate(told), actor="test", now=now)
    promotion = promotion_by_code(session, program.id, told["code"])
    bringing_up.bring_up(session, promotion.id, now=now)
    return promotion.id


def _font(world: World) -> str:
    """Lay a font where those that are made lie: making them takes longer than all the rest here."""
    name = next(iter(WEIGHTS))
    path = world.settings.home / "fonts" / f"{edition()}-{name}.woff2"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"wOF2")
    return name


def _distributors(session: Session, world: World, a: Program, b: Program, made: Belongings) -> None:
    since = dt.date(2026, 1, 1)
    put_distributors(
        session, a.id, "pl", [DistributorRow(code="D-6", name=f"{OTHERS} Ltd")], enrolled_on=since, may_owe=True
    )
    code = f"{FOREIGN}-1"
    put_distributors(
        session, b.id, "pl", [DistributorRow(code=code, name=f"{FOREIGN} Ltd")], enrolled_on=since, may_owe=True
    )
    b.name = f"B {FOREIGN}"
    found = session.scalars(
        select(Distributor.id).where(Distributor.program_id == b.id, Distributor.code == code)
    ).one()
    made.of["distributor"] = {"mine": world.distributors["D-5"], "others": world.distributors["D-6"], "b": found}
    made.of["code"] = {"mine": "D-5", "others": "D-6", "b": code}
    for whose, program, word in (("a", a, OURS), ("b", b, FOREIGN)):
        group = session.scalars(
            select(DistributorGroup).where(DistributorGroup.program_id == program.id).limit(1)
        ).one()
        group.name, group.code = f"{word} group", f"group-of-{whose}"
        made.put("group", whose, group.id)
        made.put("group_code", whose, group.code)
        catalogue.put_products(
            session, program.id, "pl", [ProductRow(code=f"{word}-p", name=f"{word} saw", group_id=None)]
        )
        made.put("product", whose, catalogue.product_ids(session, program.id)[f"{word}-p"])


def _sales(session: Session, world: World, a: Program, b: Program, made: Belongings) -> None:
    mine, others, foreign = (made.of["distributor"][whose] for whose in ("mine", "others", "b"))
    drill = catalogue.product_ids(session, a.id)["p1"]
    rep = world.login("rep")
    sell(
        session,
        a,
        [
            Sold(f"{MINE}/1", mine, drill, 5, 90_000, "2026-04-01"),
            Sold("REP/1", mine, drill, 5, 90_000, "2026-04-02", person=rep),
            Sold(f"{OTHERS}/1", others, drill, 5, 90_000, "2026-04-03"),
        ],
    )
    product = catalogue.product_ids(session, b.id)[f"{FOREIGN}-p"]
    sell(
        session,
        b,
        [
            Sold(f"{FOREIGN}/1", foreign, product, 1, 90_000, "2026-02-01"),
            Sold(f"{FOREIGN}/2", foreign, product, 1, 90_000, "2026-04-01"),
        ],
    )
    for whose, program, number in (
        ("mine", a, f"{MINE}/1"),
        ("rep", a, "REP/1"),
        ("others", a, f"{OTHERS}/1"),
        ("b", b, f"{FOREIGN}/1"),
    ):
        found = select(SalesDocument.id).where(SalesDocument.program_id == program.id, SalesDocument.number == number)
        made.put("document", whose, session.scalars(found).one())
    for whose, program in (("a", a), ("b", b)):
        ledger = select(LedgerTransaction.id).where(LedgerTransaction.program_id == program.id)
        made.put("transaction", whose, session.scalars(ledger.order_by(LedgerTransaction.id).limit(1)).one())


def _of_program(session: Session, world: World, program: Program, whose: str, word: str, made: Belongings) -> None:
    now, by = world.clock(), {"actor": f"{word}@{word}.example", "now": world.clock()}
    login = f"{word}@{program.code}.example"
    user_id = people.create_user(session, login, f"{word} Smith", None, **by)
    people.give_role(session, login, program, Role.VIEWER, **by)
    member = select(Membership.id).where(Membership.user_id == user_id)
    made.put("user", whose, user_id)
    made.put("member", whose, session.scalars(member).one())
    for kind, invitee in (("invitation", f"invited-{login}"), ("open_invitation", f"somebody@{program.code}.example")):
        invited = invitations.invite(
            session,
            program,
            login=invitee,
            name=f"{word} Jones" if kind == "invitation" else "Jo Jones",
            role=Role.VIEWER,
            link=lambda token: made.put("invited", whose, token) or f"https://k.example/{token}",
            inviter="test",
            **by,
        )
        made.put(kind, whose, invited)
    newest = select(Message.id).where(Message.program_id == program.id).order_by(Message.id.desc()).limit(1)
    made.put("message", whose, session.scalars(newest).one())
    label = {"en": f"{word} question", "pl": f"{word} pytanie"} if whose == "b" else {"en": "Why", "pl": "Dlaczego"}
    made.put("key", whose, registration.put_question(session, program.id, Question("", AnswerKind.LINE, label), **by))
    registration.put_question(session, program.id, Question("", AnswerKind.TEXT, {"pl": "Sklepy", "en": "Shops"}), **by)
    if whose == "a":
        registration.publish(session, program.id, published=True, **by)
    terms.publish(session, program, {"en": f"Terms {word if whose == 'b' else ''}", "pl": "Regulamin"}, **by)
    newest_terms = select(TermsVersion.id).where(TermsVersion.program_id == program.id)
    made.put("terms", whose, session.scalars(newest_terms).one())
    texts.put_override(session, program.id, _TEXT, "en", f"{word} invites you to %(program)s", **by)
    distributor = made.of["distributor"]["mine" if whose == "a" else whose]
    scenario = asking.create(
        session,
        program,
        RulesOf.PUBLISHED,
        rulebooks.published(session, program.id),
        (dt.date(2026, 1, 1), dt.date(2026, 12, 31)),
        name=f"{word} tried",
        **by,
    )
    simulating.begin(session, scenario)
    made.put("scenario", whose, scenario)
    put_exports(session, program, whose, word, made)
    adjusted = adjustments.request(
        session, program, distributor, 5, reason_code="correction", note=f"{word} note", **by
    )
    made.put("adjustment", whose, adjusted)
    rates = {"code": f"rates-of-{whose}", "name": f"{word} rates", "kind": "per_unit", "default": "0", "rates": {}}
    written = rule_drafts.put(session, program, RuleDraftSubject.MATRIX, rates, **by)
    rule_drafts.publish(session, program, written.id, **by)
    rule = select(EarningRule.id).where(EarningRule.program_id == program.id, EarningRule.code == rates["code"])
    made.put("rule", whose, session.scalars(rule).one())
    open_ = rates | {"code": f"next-rates-of-{whose}", "name": f"{word} next rates"}
    waiting = rule_drafts.put(session, program, RuleDraftSubject.MATRIX, open_, **by).id
    rule_drafts.ask(session, program, waiting, **by)
    made.put("rule_draft", whose, waiting)
    referral = {"code": f"referral-of-{whose}", "name": "Referral", "kind": "event", "event": "referral", "points": 1}
    rewarding = rule_drafts.put(session, program, RuleDraftSubject.RULE, referral, **by)
    rule_drafts.publish(session, program, rewarding.id, **by)
    made.put("promotion", whose, _promotion(session, program, whose, word, now))
    standing = select(PromotionStanding.id).where(PromotionStanding.promotion_id == made.of["promotion"][whose])
    made.put("standing", whose, session.scalars(standing.order_by(PromotionStanding.id).limit(1)).one())
    for name, kind in (("application", "company"), ("rep_application", "rep")):
        application = _application(program, word, kind, ApplicationState.NEW, None, now)
        session.add(application)
        session.flush()
        made.put(name, whose, application.id)
    view = SavedView(
        user_id=user_id,
        program_id=program.id,
        listing="distributors",
        name=f"{word} view",
        query=f"q={word}",
        shared=True,
        created_at=now,
    )
    session.add(view)
    session.flush()
    made.put("view", whose, view.id)


def _nip(word: str) -> str:
    """Give a tax id that may be: what is wrong with one keeps its application from being accepted with others."""
    figures = 526_000_000 + sum(map(ord, word))
    while (
        check := sum(int(one) * by for one, by in zip(str(figures), (6, 5, 7, 2, 3, 4, 5, 6, 7), strict=True)) % 11
    ) > 9:
        figures += 1
    return f"{figures}{check}"


def _application(
    program: Program, word: str, kind: str, state: ApplicationState, distributor_id: int | None, now: dt.datetime
) -> Application:
    return Application(
        program_id=program.id,
        kind=kind,
        login=f"{word}-{kind}@{word}.example",
        name=f"{word} Brown",
        company=f"{word} Trade",
        tax_id=word if kind == "rep" else _nip(word),
        phone="",
        locale="en",
        answers={},
        state=state,
        distributor_id=distributor_id,
        created_at=now,
        address="192.0.2.1",
    )


def _of_distributors(session: Session, world: World, a: Program, b: Program, made: Belongings) -> None:
    now, by = world.clock(), {"actor": "test", "now": world.clock()}
    named = {"number": "REP/1", "person": world.login("rep")}
    notices.tell(session, a.id, "document_accepted", named, distributor_id=made.of["distributor"]["mine"], now=now)
    for at, (whose, program, word) in enumerate((("mine", a, MINE), ("others", a, OTHERS), ("b", b, FOREIGN))):
        owner = made.of["distributor"][whose]
        cards.register(
            session,
            program,
            made.of["code"][whose],
            token=f"token-{word}-{uuid.uuid4().hex[:12]}",
            last4=f"900{at}",
            **by,
        )
        notices.tell(
            session, program.id, "document_accepted", {"number": f"{word}-notice"}, distributor_id=owner, now=now
        )
        invited = invitations.invite(
            session,
            program,
            login=f"rep-{word}@{program.code}.example",
            name=f"{word} White",
            role=Role.REP,
            distributor_id=owner,
            link=lambda token: f"https://k.example/{token}",
            inviter="test",
            **by,
        )
        made.put("team_invitation", whose, invited)
        login = f"{word}-rep@{program.code}.example"
        user_id = people.create_user(session, login, f"{word} Green", None, **by)
        people.give_role(session, login, program, Role.REP, owner, **by)
        member = session.scalars(select(Membership.id).where(Membership.user_id == user_id)).one()
        made.put("team_member", whose, member)
        application = _application(program, word, "rep", ApplicationState.CONSENT, owner, now)
        session.add(application)
        session.flush()
        made.put("consent", whose, application.id)


def _credit(session: Session, world: World, program: Program, owner: int) -> str:
    """Set a point of the distributor aside for a purchase. Gives the code by which the counter takes it."""
    by: dict[str, Any] = {"actor": "test", "now": world.clock()}
    purchase_credits.put_settings(session, program, Purchases(offered=True), **by)
    purchase_credits.ask(session, world.keys, program, owner, Unit.POINTS, 1, key="credit", **by)
    return purchase_credits.codes_of(session, world.keys, owner)[0][1]


def _drafts(world: World, code: str, whose: str, word: str, made: Belongings) -> None:
    """Bring files in: one of which nobody has said how it is read, one that a profile reads, one that was checked."""
    now, path = world.clock(), world.settings.home / "brought.csv"
    files = {
        "draft": f"Faktura nr;Data sprzedaży;Klient;Towar;Ilość;Netto\nN/1;01.04.2026;D-0;{word};1;1,00\n",
        "ready_draft": f"number;date;distributor;product;quantity;net\nR/1;2026-04-01;D-0;{word};1;1,00\n",
        "checked_draft": "number;date;distributor;product;quantity;net\nC/1;2026-04-01;D-0;P1;1;1,00\n",
    }
    with transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == code)).one()
        sales = import_profiles.profiles_of(program)["sales"]
        profile = sales.model_copy(update={"kind": "sales", "columns": {**sales.columns, "channel": word}})
        # not by the word: whoever has not signed in gets the address that they asked for back
        made.put("profile", whose, f"profile-of-{whose}")
        import_profiles.put(session, program, made.of["profile"][whose], profile, actor="test", now=now)
        for name, text in files.items():
            path.write_text(text, encoding="utf-8")
            draft = drafts.take(
                session,
                world.settings,
                program,
                path,
                file_name=f"{word} {name}.csv",
                kind="sales",
                profile_name=None if name == "draft" else "sales",
                actor="test",
                now=now,
            )
            made.put(name, whose, draft.id)
    while do_one_job(world):
        pass
    with transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == code)).one()
        draft = drafts.draft_of(session, made.of["checked_draft"][whose])
        drafts.check(session, world.settings, program, draft, actor="test", now=now)
    while do_one_job(world):
        pass


def _claims(session: Session, world: World, made: Belongings) -> None:
    """Begin to register an invoice for everybody, with a proof each; and give each document a proof."""
    now, page = world.clock(), pages(1)
    authors = {"mine": "distributor", "rep": "rep", "others": "other", "b": "stranger"}
    for whose, word in (("mine", MINE), ("rep", "Rep"), ("others", OTHERS), ("b", FOREIGN)):
        document = session.get_one(SalesDocument, made.of["document"][whose])
        program, by = session.get_one(Program, document.program_id), {"actor": world.login(authors[whose]), "now": now}
        line = ClaimedLine(said="P1", quantity_milli=1000, net_minor=1000)
        invoice = ClaimedInvoice(f"{word} claim", dt.date(2026, 4, 4), lines=(line,))
        key = f"key of {whose}"
        claim = claims.keep(session, program, document.distributor_id, key, invoice, person=None, **by)
        made.put("claim", whose, claim.id)
        for kind, of in (("claim_proof", claim), ("proof", document)):
            taken = proofs.take(session, world.settings, of, page, f"{word} {kind}.pdf", **by)
            made.put(kind, whose, taken.attachment.id)


def _chains(session: Session, made: Belongings) -> None:
    """Note a lot, a movement and a top-up of each distributor, and have each dispute a document."""
    for whose, word in (("mine", MINE), ("others", OTHERS), ("b", FOREIGN)):
        owner, document = made.of["distributor"][whose], made.of["document"][whose]
        of = select(Lot.id).join(Account, Account.id == Lot.account_id).where(Account.distributor_id == owner)
        of = of.join(LedgerTransaction, LedgerTransaction.id == Lot.id).where(
            LedgerTransaction.document_id.is_not(None)
        )
        lot = session.scalars(of.order_by(Lot.id.desc()).limit(1)).one()
        made.put("lot", whose, lot)
        made.put("movement", whose, lot)
        paid = select(TopUp.id).join(Redemption, Redemption.id == TopUp.redemption_id)
        paid = paid.join(Account, Account.id == Redemption.account_id).where(Account.distributor_id == owner)
        made.put("top_up", whose, session.scalars(paid.order_by(TopUp.id).limit(1)).one())
        program = session.get_one(Program, session.get_one(Distributor, owner).program_id)
        own = select(Redemption.id).join(Account, Account.id == Redemption.account_id)
        own = own.where(Account.distributor_id == owner)
        made.put("redemption", whose, session.scalars(own.order_by(Redemption.id).limit(1)).one())
        words = f"{word} asks why"
        made.put("dispute", whose, disputes.ask(session, program, document, words, actor=f"{word}@x.example", now=NOW))


def _runs(world: World, code: str, whose: str, made: Belongings) -> None:
    """Prepare a run, order it and take some answers in; prepare a second one; and one without anything in it."""
    now = world.clock()
    with transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == code)).one()
        first = preparing.preview(
            session, program, from_on=dt.date(2026, 1, 1), to_on=dt.date(2026, 2, 28), actor="test", now=now
        ).id
        runs.approve(session, first, actor="somebody else", now=now)
        jobs.ask(session, jobs.ORDER, first, actor="somebody else")
    while do_one_job(world):
        pass
    path = world.settings.home / "answers.csv"
    with transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == code)).one()
        found = select(TopUp.reference).join(Redemption, Redemption.id == TopUp.redemption_id)
        references = session.scalars(found.where(Redemption.run_id == first, TopUp.kind == TopUpKind.REWARD)).all()
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("reference", "result"), *((one, "unknown") for one in references)])
        settling.settle_file(session, world.settings, first, path, name="answers.csv", actor="test", now=now)
        second = preparing.preview(
            session, program, from_on=dt.date(2026, 3, 1), to_on=dt.date(2026, 12, 31), actor="test", now=now
        ).id
        empty = preparing.preview(
            session, program, from_on=dt.date(2019, 1, 1), to_on=dt.date(2019, 1, 2), actor="test", now=now
        ).id
        made.put("run", whose, first)
        change, archive = put_tax(session, program, world.settings.files, OURS if whose == "a" else FOREIGN, now)
        made.put("tax_change", whose, change)
        made.put("tax_papers", whose, archive)
        brought = put_statement(session, program, first, OURS if whose == "a" else FOREIGN, now)
        for kind, number in brought.items():
            made.put(kind, whose, number)
        ours = select(Card.id).where(Card.program_id == program.id).order_by(Card.id)
        made.put("card", whose, session.scalars(ours).first())
        made.put("preview", whose, second)
        made.put("empty_run", whose, empty)
        made.put("order", whose, session.scalars(select(LoadBatch.id).where(LoadBatch.run_id == first)).first())
        made.put("response", whose, session.scalars(select(LoadResponse.id).where(LoadResponse.run_id == first)).one())


def note_sessions(world: World, made: Belongings, names: Sequence[str]) -> None:
    """Note the newest sign-in of some people."""
    with world.app.app_context():
        for name in names:
            found = select(SignInSession.id).join(UserAccount, UserAccount.id == SignInSession.user_id)
            newest = found.where(UserAccount.login == world.login(name)).order_by(SignInSession.id.desc()).limit(1)
            made.put("session", name, db.session.scalars(newest).one())
        db.session.remove()


def set_up_apps(world: World, *, but: Sequence[str] = ()) -> None:
    """Let everybody but some set up an authenticator app anew: only then is there a picture to scan."""
    with world.app.app_context():
        with transaction(db.session) as session:
            those = UserAccount.login.like(f"%@{world.a}.%") & UserAccount.login.not_in(
                [world.login(name) for name in but]
            )
            session.execute(update(UserAccount).values(totp_since=None).where(those))
            for user_id in session.scalars(select(UserAccount.id).where(those)).all():
                second_factors.begin_totp(session, world.keys, user_id)
        db.session.remove()


def _names(session: Session, world: World, code: str, whose: str, made: Belongings) -> None:
    """What a source calls a product and a distributor."""
    program = session.scalars(select(Program).where(Program.code == code)).one()
    word, given = (OURS if whose == "a" else FOREIGN), {"actor": "test", "now": world.clock()}
    product_id = session.scalars(select(Product.id).where(Product.program_id == program.id).limit(1)).one()
    distributor_id = session.scalars(select(Distributor.id).where(Distributor.program_id == program.id).limit(1)).one()
    aliases.put_product_alias(session, program, f"{word} box", aliases.Meaning(product_id, 12_000), **given)
    aliases.put_distributor_alias(session, program, f"{word} shop", aliases.Meaning(distributor_id), **given)
    for kind, name in ((ProductAlias, "product_name"), (DistributorAlias, "distributor_name")):
        made.put(name, whose, session.scalars(select(kind.id).where(kind.program_id == program.id)).one())


def _tokens(session: Session, world: World, made: Belongings) -> None:
    """Links that open something for whoever has them, and a logo."""
    now = world.clock()
    ways_in.ask_link(session, world.login("other"), link=lambda token: made.put("link", "a", token) or "x", now=now)
    ways_in.ask_reset(session, world.login("other"), link=lambda token: made.put("reset", "a", token) or "x", now=now)
    a = session.scalars(select(Program).where(Program.code == world.a)).one()
    logos.put_logo(session, a, png(), actor="test", now=now)
    made.put("logo", "a", hashlib.sha256(png()).hexdigest())
    for whose, name, word in (("a", "administrator", OURS), ("b", "stranger", FOREIGN)):
        user = session.scalars(select(UserAccount).where(UserAccount.login == world.login(name))).one()
        passkey = Passkey(
            user_id=user.id,
            credential_id=f"{name} {uuid.uuid4().hex}".encode(),
            public_key=b"none",
            sign_count=0,
            name=f"{word} key",
            created_at=now,
        )
        session.add(passkey)
        session.flush()
        made.put("passkey", whose, passkey.id)
