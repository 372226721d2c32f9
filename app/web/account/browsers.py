"""What a browser says of itself, in two words: enough to know one's own places again."""

from dataclasses import dataclass

# the first that stands in the text; browsers name those they descend from as well, so the order matters
_BROWSERS = ("Edg", "OPR", "SamsungBrowser", "Firefox", "FxiOS", "CriOS", "Chrome", "Safari", "curl")
_NAMES = {"Edg": "Edge", "OPR": "Opera", "SamsungBrowser": "Samsung Internet", "FxiOS": "Firefox", "CriOS": "Chrome"}
_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Macintosh", "CrOS", "Linux")
_SYSTEM_NAMES = {"Macintosh": "macOS", "CrOS": "ChromeOS"}
_IN_THE_HAND = frozenset({"Android", "iPhone", "iPad"})


@dataclass(frozen=True)
class Browser:
    """A browser and what it runs on, as far as they are known."""

    name: str | None
    system: str | None
    in_the_hand: bool


def browser_of(agent: str | None) -> Browser:
    """Read what a browser says of itself."""
    said = agent or ""
    name = next((one for one in _BROWSERS if f"{one}/" in said), None)
    system = next((one for one in _SYSTEMS if one in said), None)
    return Browser(
        _NAMES.get(name, name) if name else None,
        _SYSTEM_NAMES.get(system, system) if system else None,
        system in _IN_THE_HAND,
    )
