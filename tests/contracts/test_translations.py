"""Every text is in every language: none is missing, none is left over, and each fills in what the English one does."""

import ast
import re
from functools import cache

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from app.config import PROJECT
from app.services.telling.languages import DEFAULT, LANGUAGES
from app.services.telling.translations import CATALOGUES
from tests.contracts.sources import modules, nodes_of

ROOMS = ("app", "prepaid", "importers", "verification", "templates")
KEYWORDS = {"_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
METHODS = [("**.py", "python"), ("**.html", "jinja2")]
COUNTED = (
    "For every piece, by product group and distributor group: %(least)s to %(most)s",
    "For every full %(step)s, by product group and distributor group: %(least)s to %(most)s",
    "from %(takes)s",
    "cut to %(amount)s by %(what)s",
    "at most %(amount)s a day for each distributor",
    "at most %(amount)s a month for each distributor",
    "at most %(amount)s a quarter for each distributor",
    "at most %(amount)s a year for each distributor",
    "at most %(amount)s in the whole programme for each distributor",
    "at most %(amount)s for a document",
    "at most %(amount)s for all together",
)
"""What is filled in here is a number with its noun, as it is counted: 2 балла, 2 punkty."""
BENDING = re.compile(r"\b(от|до|более|менее|od|do|ponad) %\((least|most|takes|amount)\)s")
"""Words that want what follows in another case."""
PARTS = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
TRANSLATED = sorted(set(LANGUAGES) - {DEFAULT})


@cache
def texts() -> frozenset[object]:
    """Give every text in the code, each with what it is said of; of a singular and its plural, the singular."""
    found: set[object] = set()
    for room in ROOMS:
        options = {"**.html": {"trimmed": "true"}}
        for _file, _line, message, _comments, context in extract_from_dir(
            str(PROJECT / room), METHODS, options, keywords=KEYWORDS
        ):
            found.add((context, message[0] if isinstance(message, tuple) else message))
    assert len(found) > 1_000
    return frozenset(found)


@cache
def catalogue(language: str) -> Catalog:
    """Read what the translators wrote."""
    with (CATALOGUES / language / "LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file, locale=language)


def messages(language: str) -> list[Message]:
    """List the messages of a catalogue."""
    return [message for message in catalogue(language) if message.id]


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_text_is_missing_and_none_is_left_over(language: str) -> None:
    singular = {
        (message.context, message.id[0] if isinstance(message.id, tuple) else message.id)
        for message in messages(language)
    }
    assert singular - texts() == set(), "scripts/translations takes them out"
    assert texts() - singular == set(), "scripts/translations brings them in"


def test_no_text_stands_within_a_formatted_one() -> None:
    """Before Python 3.12 what stands in the braces of an f-string is no token: nobody would find the text there."""
    inside = [
        f"{path.relative_to(PROJECT)}:{call.lineno}"
        for room in ROOMS
        for path in modules(room)
        for node in nodes_of(path)
        if isinstance(node, ast.JoinedStr)
        for call in ast.walk(node)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in KEYWORDS
        and call.args
        and isinstance(call.args[0], ast.Constant)
    ]
    assert inside == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated_in_every_plural_form(language: str) -> None:
    forms = catalogue(language).num_plurals
    for message in messages(language):
        given = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(given), message.id
        assert not message.fuzzy, message.id
        assert len(given) == (forms if message.pluralizable else 1), message.id
        assert [str(problem) for problem in message.check(catalogue(language))] == [], message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_fills_in_what_the_text_does(language: str) -> None:
    for message in messages(language):
        whole = message.id[-1] if isinstance(message.id, tuple) else message.id
        given = message.string if isinstance(message.string, tuple) else (message.string,)
        for form in given:
            parts = set(PARTS.findall(form))
            assert parts <= set(PARTS.findall(whole)), message.id
            if not message.pluralizable:
                assert parts == set(PARTS.findall(whole)), message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_english_says_in_one_word_is_told_apart(language: str) -> None:
    """Words that one of ours served before: what one of them means is not what the other does."""
    pairs = [
        ("Change", "Edit"),
        ("Runs", "Lasts"),
        ("Loaded", "Loaded on"),
        ("By", "Channel"),
        ("About", "What about"),
        ("Answered by", "Kind of answer"),
        ("Holder", "Who holds it"),
        ("Give points", "Give points away"),
        ("Name", "Full name"),
    ]
    known = {message.id: message.string for message in messages(language)}
    assert [pair for pair in pairs if known[pair[0]] == known[pair[1]]] == []


def test_what_becomes_of_points_is_told_in_words_of_its_own() -> None:
    """What was given to participants is not what they spent, nor the day on which an invoice was written."""
    for language in TRANSLATED:
        told = [catalogue(language).get(one) for one in ("Issued", "Spent", "Expired", "Issued on", "Card issued")]
        words = [message.string for message in told if message is not None]
        assert len(set(words)) == len(told), f"{language}: {words}"


@pytest.mark.parametrize("language", ["pl", "ru"])
def test_what_is_counted_follows_no_word_that_wants_another_case(language: str) -> None:
    bent = [text for text in COUNTED if BENDING.search(str(catalogue(language)[text].string))]
    assert bent == [], "от 2 балла до 21 балл"
    said = str(catalogue(language)["Between %(least)s and %(most)s points can be converted now."].string)
    assert not re.search(r"%\(most\)s балл", said), "до 671 баллов"
