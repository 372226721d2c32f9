"""The search box: what it finds for whom, and the page that it leads to."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.app.web.admin.promotions.test_promotions import WRITTEN, send
from tests.app.web.admin.rewarding.shopping import write
from tests.app.web.world import World

As = Callable[[str], FlaskClient]


@pytest.fixture(scope="module")
def made() -> dict[str, int]:
    return {}


@pytest.fixture
def written(world: World, as_: As, made: dict[str, int]) -> dict[str, int]:
    """A reward and a promotion that nobody has published, written once."""
    if not made:
        admin = as_("administrator")
        made["reward"] = write(admin, world, "KETTLE-1", name="Copper kettle")
        named = {"code": "kettles", "name": "Tea time"}
        answer = send(admin, f"/programs/{world.a}/promotions/new", **(WRITTEN | named))
        made["promotion"] = int(answer.location.rpartition("/")[2])
    return made


def found(client: FlaskClient, world: World, typed: str) -> dict[str, list[dict[str, Any]]]:
    answer = client.get(f"/programs/{world.a}/search/suggest", query_string={"q": typed})
    assert answer.status_code == 200
    return {group["title"]: group["items"] for group in answer.get_json()["groups"]}


def test_rewards_and_promotions_are_found_by_name_and_code(world: World, as_: As, written: dict[str, int]) -> None:
    admin = as_("administrator")
    reward = {
        "title": "Copper kettle",
        "more": "KETTLE-1",
        "href": f"/programs/{world.a}/rewards/{written['reward']}",
    }
    promotion = {
        "title": "Tea time",
        "more": "kettles",
        "href": f"/programs/{world.a}/promotions/{written['promotion']}",
    }
    assert found(admin, world, "copper k") == {"Rewards": [reward]}
    assert found(admin, world, "TEA") == {"Promotions": [promotion]}
    assert found(admin, world, "kettle") == {"Rewards": [reward], "Promotions": [promotion]}
    page = admin.get(f"/programs/{world.a}/search?q=kettle").text
    assert reward["href"] in page
    assert promotion["href"] in page


def test_who_may_not_edit_is_led_to_what_they_may_see(world: World, as_: As, written: dict[str, int]) -> None:
    viewer = as_("viewer")
    ((reward,),) = found(viewer, world, "copper").values()
    assert reward["href"] == f"/programs/{world.a}/rewards/{written['reward']}/preview"
    assert viewer.get(reward["href"]).status_code == 200


@pytest.mark.parametrize("typed", ["k", "%%", "__", "no such thing"])
def test_what_nothing_is_called_finds_nothing(world: World, as_: As, written: dict[str, int], typed: str) -> None:
    assert found(as_("administrator"), world, typed) == {}


def test_another_programme_finds_nothing_of_this_one(world: World, as_: As, written: dict[str, int]) -> None:
    answer = as_("stranger").get(f"/programs/{world.b}/search/suggest?q=kettle")
    assert answer.get_json()["groups"] == []
