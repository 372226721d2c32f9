"""Cards by commands: their lives, what their provider knows, whether it is set up and has the money."""

from tests.prepaid.test_cli import Desk, desk

__all__ = ["desk"]


def test_a_cards_life_by_commands(desk: Desk) -> None:
    of, by = ("--program", desk.world.code), ("--by", "fay")
    assert desk.json("cards", "issue", *of, "--distributor", "P")["issued"] == 1
    (card,) = desk.json("cards", "list", *of)["cards"]
    number = str(card["card"])
    why = ("--why", "lost at a fair", *by)
    assert desk.json("cards", "activate", number, *why)["state"] == "active"
    assert desk.json("cards", "block", number, *why)["state"] == "blocked"
    refused = desk.json("cards", "note", number, "4111 1111 1111 1111", *by, code=3)
    assert "4111" not in refused["error"][0]
    assert desk.run("cards", "identify", number, "verified", "--why", "seen", *by).exit_code == 0
    pulled = desk.json("cards", "pull", *of, "--card", number)
    assert (pulled["cards"], pulled["problems"]) == (1, [])
    shown = desk.json("cards", "show", number)
    assert (shown["state"], shown["identity"], shown["distributor"]) == ("blocked", "verified", "P")
    assert [one["what"] for one in shown["moments"]][:2] == ["identified", "blocked"]
    assert "lost at a fair" in desk.run("cards", "show", number).output
    assert desk.json("cards", "close", number, *why)["state"] == "closed"
    assert "cannot become" in desk.json("cards", "unblock", number, *why, code=3)["error"][0]
    desk.json("cards", "show", "999999999", code=4)


def test_a_programme_is_checked_for_its_provider(desk: Desk) -> None:
    of = ("--program", desk.world.code)
    checked = desk.json("cards", "check", *of)
    assert {one["check"]: one["state"] for one in checked["checks"]} == {
        "sandbox": "look",
        "currency": "ok",
        "country": "ok",
        "cards": "ok",
    }
    assert checked["stripe_accounts"] == [], "cards in złoty are issued nowhere there"
    assert desk.json("cards", "funding", *of, "--amount", "12.50")["refused"] is None
    desk.json("cards", "funding", *of, "--amount", "much", code=2)
    asked = desk.json("cards", "funding", "--run", str(desk.convert()))
    assert asked["amount_minor"] == 510_400 + 55_600
