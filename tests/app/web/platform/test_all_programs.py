"""The platform's owner finds every programme, however many there are; everybody else has the theirs in the switcher."""

import re
from collections.abc import Callable

from flask import render_template_string
from flask.testing import FlaskClient

from tests.app.web.world import World


def test_an_owner_of_the_platform_finds_a_programme_by_its_code(
    world: World, as_: Callable[[str], FlaskClient]
) -> None:
    owner = as_("owner")
    page = owner.get(f"/platform/programs/?q={world.b}").text
    assert f'href="/programs/{world.b}/"' in page
    assert f'href="/programs/{world.a}/"' not in page.partition("<main")[2]
    assert owner.get(f"/programs/{world.b}/").status_code == 200
    assert as_("administrator").get("/platform/programs/").status_code == 404


def test_the_switcher_leads_to_all_of_them_where_there_are_many(world: World) -> None:
    written = '{% from "components/navigation.html" import switcher %}{{ switcher(places, none, all_of_them) }}'
    places = [{"address": f"/programs/p{at}/", "name": f"P{at}", "sponsor": "S", "current": False} for at in range(40)]
    for all_of_them, shown, most in (("/all", 40, 31), (None, 40, 40), ("/all", 30, 30)):
        with world.app.test_request_context("/"):
            page = render_template_string(written, places=places[:shown], all_of_them=all_of_them)
        links = re.findall(r'<a href="([^"]+)"', page)
        assert len(links) == most
        assert ("/all" in links) is (most == 31)
