"""Everything there is in a world, with a browser of each kind of person: what tests of who may do what ask about."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import NotFound
from werkzeug.routing import Rule

from app.local.servers import Addresses
from tests.app.web.belongings import FOREIGN, MINE, OTHERS, OURS, WORDS, Belongings, fill, note_sessions, set_up_apps
from tests.app.web.conftest import enter, token_of
from tests.app.web.world import World, build

STAFF = ("administrator", "verifier", "finance", "approver", "viewer", "assistant")
PEOPLE = ("owner", *STAFF, "distributor", "rep", "other", "stranger", "nobody", "anonymous")
"""`stranger` is the administrator of another programme, `other` the owner of another distributor of the same one."""

MAY_SEE: Mapping[str, set[str]] = {
    "owner": set(WORDS),
    **{name: {OURS, MINE, OTHERS} for name in STAFF},
    "distributor": {MINE},
    "rep": set(),
    "other": {OTHERS},
    "stranger": {FOREIGN},
    "nobody": set(),
    "anonymous": set(),
}
"""The words that each kind of person may meet anywhere: by them things are known (`tests.app.web.belongings`)."""

NONE = 999_999_999
"""An id that nothing has."""


@dataclass(frozen=True)
class Thing:
    """What the address of a route names: its parts, and the kinds of people whose own it is."""

    parts: Mapping[str, Any]
    of: frozenset[str] = frozenset(PEOPLE)


@dataclass
class House:
    """A world with things of every kind in it, and everybody's browser."""

    world: World
    made: Belongings
    clients: dict[str, FlaskClient] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def things(self, rule: Rule) -> tuple[list[Thing], list[Thing]]:
        """Give what a route can name: things that are there, and what is nowhere."""
        a, b, of = self.world.a, self.world.b, self.made.of
        opens = {
            "static": {"filename": "kontor.css"},
            "bootstrap.static": {"filename": "css/bootstrap.min.css"},
            "chartkick.static": {"filename": "chartkick.js"},
            "branding.accent": {"accent": "0b5cad"},
            "branding.logo": {"sha256": of["logo"]["a"]},
            "reward_pictures.show": {"sha256": of["reward_picture"]["a"]},
            "fonts.font": {"name": of["font"]["a"]},
            "ways.open_link": {"token": of["link"]["a"]},
            "resets.choose": {"token": of["reset"]["a"]},
            "invited.accept": {"token": of["invited"]["a"]},
            "join.form": {"program_code": a},
            "join.thanks": {"program_code": a},
        }
        named = set(rule.arguments)
        if rule.endpoint in opens:
            nothing = {"program_code": b} if rule.endpoint.startswith("join.") else _nothing(opens[rule.endpoint])
            return [Thing(opens[rule.endpoint])], [Thing(nothing)]
        if not named:
            return [Thing({})], []
        if named == {"user_id"}:
            return [Thing({"user_id": of["user"]["a"]})], [Thing({"user_id": NONE})]
        if named == {"message_id"}:
            return [Thing({"message_id": of["message"]["a"]})], [Thing({"message_id": NONE})]
        ours, theirs = frozenset(STAFF), frozenset({"stranger"})
        if rule.endpoint in IN_QUERIES:
            kind, query = IN_QUERIES[rule.endpoint]
            in_a = {"program_code": a, kind: of[kind]["a"], **query}
            in_b = {"program_code": b, kind: of[kind]["b"], **query}
            nowhere = [Thing(in_a | {kind: of[kind]["b"]}), Thing(in_a | {kind: NONE})]
            return [Thing(in_a, ours), Thing(in_b, theirs)], nowhere
        if named == {"program_code"}:
            return [Thing({"program_code": a}, ours), Thing({"program_code": b}, theirs)], [
                Thing({"program_code": "there-is-none"})
            ]
        if named & {"claim_id", "reward_order_id", "redemption_id", "lot_id", "movement_id", "pool_id"}:
            named -= {"distributor_id"}
        if "distributor_id" in named:
            named -= {"reward_id"}
        (name,) = named - {"program_code", "file_id", "proof_id", "page", "what"}
        kind, rest = KINDS[name], {}
        if "file_id" in named:
            files = of["order" if rule.endpoint == "runs.order_file" else "response"]
            rest = {"file_id": files["a"]}
            wrong = [
                Thing({"program_code": a, name: of["run"]["a"], "file_id": files["b"]}),
                Thing({"program_code": a, name: of["preview"]["a"], "file_id": files["a"]}),
                Thing({"program_code": a, name: of["run"]["a"], "file_id": NONE}),
            ]
            found = [
                Thing({"program_code": a, name: of["run"]["a"], "file_id": files["a"]}, ours),
                Thing({"program_code": b, name: of["run"]["b"], "file_id": files["b"]}, theirs),
            ]
        else:
            whose = {
                "a": ours,
                "mine": ours | {"distributor"} | (frozenset() if kind in ("document", *_HELD) else {"rep"}),
                "rep": ours | {"distributor", "rep"},
                "others": ours | {"other"},
                "b": theirs,
            }
            wanted = [one for one in whose if one in of[kind] and (kind in _OF_DISTRIBUTORS or one in ("a", "b"))]
            found = [
                Thing(
                    {"program_code": b if one == "b" else a, name: of[kind][one], **self._beside(rule, kind, one)},
                    whose[one],
                )
                for one in wanted
            ]
            rest = self._beside(rule, kind, wanted[0])
            wrong = [Thing({"program_code": a, name: NO_TEXT if kind == "text" else NONE, **rest})]
            if "proof_id" in rest:
                wrong.append(Thing(dict(found[0].parts) | {"proof_id": self._beside(rule, kind, "b")["proof_id"]}))
        if kind != "text":  # which are the same in every programme
            wrong.append(Thing({"program_code": a, name: of[kind]["b"], **rest}))
            wrong.append(Thing({"program_code": b, name: found[0].parts[name], **rest}))
        return found, wrong

    def _beside(self, rule: Rule, kind: str, whose: str) -> dict[str, Any]:
        """Give what else stands in the address of a claim, and of a proof."""
        of, named = self.made.of, rule.arguments
        parts = {
            "distributor_id": of["distributor"]["mine" if whose in ("rep", "a") else whose],
            "reward_id": of["reward"]["b" if whose == "b" else "a"],
            "proof_id": of["claim_proof" if kind == "claim" else "proof"].get(whose, NONE),
            "page": 1,
            "what": "note" if "finding_id" in named else "block",
        }
        return {name: part for name, part in parts.items() if name in named and KINDS.get(name) != kind}


KINDS = {
    "distributor_id": "distributor",
    "document_id": "document",
    "claim_id": "claim",
    "batch_id": "batch",
    "unknown_id": "unknown",
    "product_name_id": "product_name",
    "distributor_name_id": "distributor_name",
    "draft_id": "draft",
    "profile_name": "profile",
    "run_id": "run",
    "redemption_id": "redemption",
    "card_id": "card",
    "export_id": "export",
    "export_plan_id": "export_plan",
    "tax_change_id": "tax_change",
    "tax_papers_id": "tax_papers",
    "provider_statement_id": "provider_statement",
    "finding_id": "difference",
    "transaction_id": "transaction",
    "adjustment_id": "adjustment",
    "transfer_id": "transfer",
    "pool_id": "pool",
    "merge_id": "merge",
    "rule_id": "rule",
    "rule_draft_id": "rule_draft",
    "promotion_id": "promotion",
    "scenario_id": "scenario",
    "dispute_id": "dispute",
    "lot_id": "lot",
    "movement_id": "movement",
    "top_up_id": "top_up",
    "key": "text",
    "membership_id": "member",
    "application_id": "application",
    "message_id": "message",
    "reward_id": "reward",
    "reward_order_id": "reward_order",
    "supplier_file_id": "supplier_file",
}
IN_QUERIES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "products.history": ("product", {}),
    "groups.edit": ("group", {"of": "distributors"}),
}
"""Pages that name what they are about in their query: of what kind it is, and what else the query says."""
_HELD = {"claim", "reward_order", "redemption", "lot", "movement"}
"""What has its distributor in its address as well."""
_OF_DISTRIBUTORS = {"distributor", "document", "top_up", "dispute", *_HELD}
NO_TEXT = "there.is.none"


def _nothing(parts: Mapping[str, str]) -> dict[str, str]:
    """Give an address of the same form that names nothing."""
    return {name: "0" * 64 if name == "sha256" else f"none-{value}" for name, value in parts.items()} | (
        {"accent": "zzzzzz"} if "accent" in parts else {}
    )


@contextmanager
def a_house(addresses: Addresses, home: Path) -> Iterator[House]:
    """Open a world of its own: others count what is in theirs."""
    world = build(addresses, home, small=True)
    for kind in (NotFound, CSRFError):  # how the pages look that say so is tried elsewhere; here they are asked often
        world.app.register_error_handler(kind, lambda error: (error.name, error.code))
    made = House(world, fill(world))
    for name in PEOPLE:
        client = world.app.test_client()
        if name != "anonymous":
            enter(world, client, world.login(name))
        made.clients[name] = client
        made.tokens[name] = token_of(client, "/sign-in" if name == "anonymous" else "/account/")
    note_sessions(world, made.made, ("distributor", "administrator"))
    set_up_apps(world)
    yield made
    world.close()
