"""What is said of the rows of imports that do not count."""

from flask import Flask

from app.domain.saying.wording import Said
from app.domain.states import Outcome
from app.web.words import imports as words
from tests.app.web.world import World


def test_a_refused_row_is_not_told_to_wait_for_its_name(world: World) -> None:
    app: Flask = world.app
    with app.test_request_context("/"):
        held, refused = (words.repair("unknown_product", one) for one in (Outcome.HELD, Outcome.REFUSED))
        assert "every row that waits for it is taken in" in held
        assert "do not wait" in refused
        assert words.repair("not_a_number", Outcome.REFUSED).startswith("Correct the cells")
    assert words.waits("unknown_distributor", Outcome.HELD)
    assert not words.waits("unknown_distributor", Outcome.REFUSED)
    assert not words.waits("not_a_number", Outcome.HELD)


def test_below_its_name_a_file_is_not_named_once_more(world: World) -> None:
    empty = Said("%(file)s: the file is empty; export it again.", {"file": "sales.csv"}).kept()
    with world.app.test_request_context("/"):
        assert words.told_of(empty, None, "sales.csv") == "The file is empty; export it again."
        assert words.told_of(empty, None, "other.csv") == "sales.csv: the file is empty; export it again."
        assert words.told_of(None, "stopped", "sales.csv") == "stopped"
        assert words.told_of(None, None, "sales.csv") is None
