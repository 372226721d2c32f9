"""Every page of a programme in every language. For whom it opens: test_authorisation."""

import re
from collections.abc import Callable

from flask.testing import FlaskClient

from app.domain.roles import Permission
from app.web.access.permissions import ROUTES, Reach
from tests.app.web.test_pages import counted
from tests.app.web.world import World

FILES = {"imports.problems"}
"""Pages that send a file which is not always there."""
LEADING_ON = {"rule_drafts.new"}
"""Pages that want to know of what: without it they lead to where that is chosen."""
MOST_STATEMENTS = 12
"""So many statements a page may put to the database, whoever is signed in among them."""


def pages_of(world: World, reach: Reach) -> list[tuple[str, str, Permission | None]]:
    """List the pages that can be opened with nothing but a programme, or a distributor of it."""
    given = {"program_code": world.a, "distributor_id": str(world.distributors["D-5"])}
    found = []
    for rule in world.app.url_map.iter_rules():
        entry = ROUTES[rule.endpoint]
        opens = entry.reach is reach and "GET" in (rule.methods or ()) and rule.arguments <= set(given)
        if opens and rule.endpoint not in FILES:
            address = re.sub(r"<(?:\w+:)?(\w+)>", lambda named: given[named[1]], str(rule))
            found.append((rule.endpoint, address, entry.permission))
    assert len(found) > 5
    return found


def test_pages_say_in_every_language_what_they_say(world: World, as_: Callable[[str], FlaskClient]) -> None:
    """No page breaks in a language: placeholders and plural forms of every catalogue fit."""
    client = as_("administrator")
    for language in ("pl", "es", "ru", "en"):
        client.set_cookie("language", language)
        for endpoint, address, _permission in pages_of(world, Reach.PROGRAM):
            answer = client.get(address)
            answer.close()
            assert answer.status_code in ((303,) if endpoint in LEADING_ON else (200, 404)), (language, endpoint)
            if answer.status_code == 200 and answer.mimetype == "text/html":
                assert f'lang="{language}"' in answer.text, endpoint
    client.delete_cookie("language")


def test_pages_put_few_statements_to_the_database(world: World, as_: Callable[[str], FlaskClient]) -> None:
    """No page asks for each row of what it shows. The first visit may fill what is kept between them."""
    asked = {}
    for who, reach in (
        ("administrator", Reach.PROGRAM),
        ("finance", Reach.DISTRIBUTOR),
        ("distributor", Reach.DISTRIBUTOR),
    ):
        client = as_(who)
        for endpoint, address, _permission in pages_of(world, reach):
            with client.get(address) as answer:
                if answer.status_code != 200 or answer.mimetype != "text/html":
                    continue
            with counted(world.app) as sent, client.get(address):
                pass
            asked[who, endpoint] = len(sent)
    assert len(asked) > 100
    assert {page: count for page, count in asked.items() if count > MOST_STATEMENTS} == {}
