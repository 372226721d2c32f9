"""Every page there is before a browser: each once, at one of two sizes, in light or in dark, judged by axe."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from app.local.servers import Addresses
from app.web.access.permissions import ROUTES, Reach
from tests.app.web.access.house import IN_QUERIES
from tests.app.web.belongings import Belongings, fill
from tests.app.web.world import World, build

pytestmark = pytest.mark.slow

Visits = Callable[..., Any]

NO_PAGES = {
    *("static", "bootstrap.static", "chartkick.static", "look.icons", "branding.accent", "branding.logo"),
    *("fonts.font", "fonts.faces", "installing.manifest", "installing.worker", "health.healthz"),
    "health.readyz",
    *("imports.progress", "imports.problems", "search.suggest", "runs.progress", "runs.order_file"),
    *("import_drafts.progress", "import_profiles.export", "import_profiles.sample", "imports.original"),
    *("scenarios.progress", "scenarios.workbook", "exports.progress", "exports.file"),
    *("tax.statement", "tax.archive", "portal_tax.statement"),
    *("portal_claims.suggest", "portal_claims.page", "proofs.page", "proofs.file"),
    *("naming.suggest", "matrices.export", "books.export"),
    *("rewards.sheet", "suppliers.file", "reward_pictures.show"),
    *("runs.response_file", "program.export", "factors.authenticator_picture", "own_data.copy", "home.home"),
}
"""What answers with a file, with figures for a script, or by leading elsewhere."""
LOOKS = [("desktop", "light"), ("phone", "dark"), ("phone", "light"), ("desktop", "dark")]
"""Each page is seen in one of them, in turn: pages are made of the same parts, and those are seen in all four."""
ALONE = {"auth.second", "ways.enter_code", "factors.authenticator", "pools.leave"}
"""Pages that come up on the way through others, and lead elsewhere by themselves: they are seen on that way."""


@dataclass(frozen=True)
class Page:
    """A page to open, and as whom."""

    endpoint: str
    address: str
    who: str | None


@pytest.fixture(scope="module")
def made() -> Belongings:
    """What is in the world; filled by it."""
    return Belongings()


@pytest.fixture(scope="module")
def world(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory, made: Belongings) -> Iterator[World]:
    """A world with a thing of every kind."""
    built = build(addresses, tmp_path_factory.mktemp("every-page"), small=True)
    made.of.update(fill(built).of)
    yield built
    built.close()


def pages(world: World, made: Belongings) -> list[Page]:
    """List every page, with a thing for each id in its address."""
    adapter = world.app.url_map.bind("localhost")
    kinds = {"key": "text", "membership_id": "member", "profile_name": "profile", "finding_id": "difference"}
    tokens = {"ways.open_link": "link", "resets.choose": "reset", "invited.accept": "invited"}
    found = []
    for rule in sorted(world.app.url_map.iter_rules(), key=lambda one: list(ROUTES).index(one.endpoint)):
        if rule.endpoint in NO_PAGES | ALONE or "GET" not in (rule.methods or ()):
            continue
        given: dict[str, Any] = {}
        for name in rule.arguments:
            if name == "program_code":
                given[name] = world.a
            elif name == "token":
                given[name] = made.of[tokens[rule.endpoint]]["a"]
            else:
                things = made.of[kinds.get(name, name.removesuffix("_id"))]
                given[name] = things["mine"] if "mine" in things else things["a"]
        if rule.endpoint in IN_QUERIES:
            kind, query = IN_QUERIES[rule.endpoint]
            given |= {kind: made.of[kind]["a"], **query}
        found.append(Page(rule.endpoint, adapter.build(rule.endpoint, given), _who(rule.endpoint)))
    return found


def _who(endpoint: str) -> str | None:
    rule = ROUTES[endpoint]
    if rule.reach in (Reach.ANYBODY, Reach.FORM):
        return None
    return "distributor" if endpoint.startswith(("portal", "consents")) else "owner"


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_every_page_opens_fits_and_axe_finds_nothing(
    world: World, made: Belongings, visit: Visits, size: str, scheme: str
) -> None:
    wrong: dict[str, list[str]] = {}
    every = pages(world, made)
    assert len(every) > 80
    mine = every[LOOKS.index((size, scheme)) :: len(LOOKS)]
    for who in (None, "distributor", "owner"):
        with visit(size, scheme) as here:
            if who is not None:
                here.sign_in(world.login(who), world.password)
            for page in mine:
                if page.who != who:
                    continue
                answer = here.go(page.address)
                found = here.wrong(page.endpoint)
                if answer.status != 200 or not answer.headers["content-type"].startswith("text/html"):
                    found.append(f"answered {answer.status} {answer.headers['content-type']}")
                if found:
                    wrong[page.endpoint] = found
    assert wrong == {}
