"""The look: texts can be read in light and in dark, drawings are there, and nothing inline is in any page."""

import gzip
import io
import json
import re
import threading
from collections.abc import Callable
from pathlib import Path

import flask_bootstrap
import pytest
from flask import Flask
from flask.testing import FlaskClient
from fontTools.ttLib import TTFont

from app.config import PROJECT, Settings
from app.domain import colours
from app.domain.colours import READABLE, contrast
from app.extensions import db
from app.factory import create_app
from app.web.look import font_making
from app.web.look.icons import ICONS, sprite
from tests.app.web.test_pages import every_page
from tests.app.web.world import World

As = Callable[[str], FlaskClient]

TEMPLATES = sorted((PROJECT / "templates").rglob("*.html"))
STYLES = sorted((PROJECT / "app/web/static").glob("*.css"))
MODULES = sorted((PROJECT / "app/web/static").glob("*.js"))

GROUNDS = ("ground", "surface", "raised", "hover", "chosen")
# each colour of a text, and everything it stands on
WRITTEN = {
    "text": (*GROUNDS, "plain-ground"),
    "quiet": (*GROUNDS, "plain-ground"),
    "link": GROUNDS,
    "good": (*GROUNDS, "good-ground"),
    "warn": (*GROUNDS, "warn-ground"),
    "bad": (*GROUNDS, "bad-ground"),
    "info": ("surface", "info-ground"),
    "on-accent": ("accent", "accent-hover", "danger", "danger-hover"),
    "on-count": ("count",),
    "side-text": ("side", "side-hover", "side-active"),
    "side-quiet": ("side", "side-hover"),
}
# what is no text, and has to be seen: frames of fields, the ring of the focus, lines of charts
SEEN = {
    "field-line": ("surface", "ground"),
    "focus": ("surface", "ground"),
    "accent-line": ("surface", "ground"),
    **{f"part-{name}": ("surface",) for name in ("available", "reserved", "spent")},
}


def tokens() -> dict[str, tuple[str, str]]:
    """Read every colour: as it is in light, and as it is in dark."""
    sheet = (PROJECT / "app/web/static/tokens.css").read_text()
    found = {}
    for name, light, _, dark in re.findall(r"--([\w-]+): (?:light-dark\()?(#[0-9a-f]{6})(, (#[0-9a-f]{6})\))?;", sheet):
        found[name] = (light, dark or light)
    return found


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_text_can_be_read_on_what_it_stands_on(scheme: int) -> None:
    known = tokens()
    assert len(known) > 40
    short = {
        (name, ground): round(ratio, 2)
        for name, grounds in WRITTEN.items()
        for ground in grounds
        if (ratio := contrast(known[name][scheme], known[ground][scheme])) < READABLE
    }
    assert not short


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_frames_and_rings_can_be_seen(scheme: int) -> None:
    known = tokens()
    short = {
        (name, ground): round(ratio, 2)
        for name, grounds in SEEN.items()
        for ground in grounds
        if (ratio := contrast(known[name][scheme], known[ground][scheme])) < 3
    }
    assert not short


def test_accents_of_sponsors_are_held_to_the_grounds_that_pages_have() -> None:
    known = tokens()
    for scheme, grounds in enumerate((colours._LIGHT_GROUNDS, colours._DARK_GROUNDS)):
        assert set(grounds) == {known[name][scheme] for name in ("surface", "ground", "hover", "chosen")}


def test_style_sheets_name_colours_by_their_tokens_and_load_nothing() -> None:
    for sheet in STYLES:
        text = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
        assert "@import" not in text, sheet.name
        assert "url(" not in text, sheet.name
        if sheet.name != "tokens.css":
            # white on a dark ground that is dark in both schemes, and paper
            assert set(re.findall(r"#[0-9a-f]{3,8}\b", text)) <= {"#fff", "#000", "#5b3a00", "#8ec2ff"}, sheet.name


def test_every_token_that_a_sheet_asks_for_is_there() -> None:
    there = set(re.findall(r"(--[\w-]+):", "".join(sheet.read_text() for sheet in STYLES)))
    asked = {name for sheet in STYLES for name in re.findall(r"var\((--[\w-]+)", sheet.read_text())}
    assert not {name for name in asked - there if not name.startswith("--bs-")}


# what no sheet needs to know: names for people who read the page's source
_NAMES_ALONE = {"found", "choices", "keys-dialog", "frame-portal"}


def test_every_class_that_a_page_uses_is_dressed() -> None:
    bootstrap = Path(flask_bootstrap.__file__).parent / "static/bootstrap5/css/bootstrap.min.css"
    sheets = "".join(sheet.read_text() for sheet in (*STYLES, bootstrap))
    dressed = set(re.findall(r"\.(-?[a-zA-Z_][\w-]*)", sheets)) | _NAMES_ALONE
    for path in TEMPLATES:
        text = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
        for written in re.findall(r'class="([^"]*)"', text):
            plain = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", " ", written)
            used = {name for name in plain.split() if re.fullmatch(r"[\w-]*\w", name)}
            assert used <= dressed, (path.name, used - dressed)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(PROJECT / "templates")))
def test_no_template_has_anything_inline(path: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
    assert not re.search(r"<style\b", text)
    assert not re.search(r"""\sstyle\s*=""", text)
    assert not re.search(r"""<[^>]*\son[a-z]+\s*=\s*["'{]""", text)
    assert "javascript:" not in text
    for script in re.findall(r"<script\b[^>]*>", text):
        assert 'type="module"' in script, script
        assert "src=" in script, script
        assert 'nonce="{{ csp_nonce() }}"' in script, script


def test_no_module_runs_what_it_is_given() -> None:
    for module in MODULES:
        text = module.read_text()
        for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
            assert way not in text, (module.name, way)
        assert "http://" not in text, module.name
        assert "https://" not in text, module.name


def test_every_drawing_of_the_sprite_is_asked_for_somewhere() -> None:
    of_ours = [path for path in sorted((PROJECT / "app/web").rglob("*.py")) if path.name != "icons.py"]
    asked = "\n".join(path.read_text() for path in (*TEMPLATES, *of_ours, *MODULES))
    assert not [name for name in ICONS if f'"{name}"' not in asked and f"'{name}'" not in asked]


def test_every_drawing_that_a_page_asks_for_exists() -> None:
    drawn = set(re.findall(r'<symbol id="([^"]+)"', sprite()[0].decode()))
    assert drawn == set(ICONS)
    for path in TEMPLATES:
        text = path.read_text()
        asked = set(re.findall(r'icon\("([^"]+)"', text)) | set(re.findall(r'drawing="([^"]+)"', text))
        asked |= set(re.findall(r'empty\([^{}]*?, "([a-z-]+)"\)', text))
        assert asked <= drawn, path


def test_an_unknown_drawing_is_an_error_and_no_gap(pages: Flask) -> None:
    with pages.test_request_context(), pytest.raises(LookupError, match="no icon is called 'nothing'"):
        pages.jinja_env.from_string('{% from "components/icons.html" import icon %}{{ icon("nothing") }}').render()


def test_every_script_carries_the_nonce_of_its_answer_and_no_two_answers_share_one(world: World, as_: As) -> None:
    seen = set()
    for address in every_page(world).values():
        answer = as_("owner").get(address)
        nonce = re.search(r"'nonce-([\w-]+)'", answer.headers["Content-Security-Policy"])
        assert nonce, address
        scripts = re.findall(r"<script\b[^>]*>", answer.text)
        assert scripts, address
        assert all(f'nonce="{nonce[1]}"' in script for script in scripts), address
        seen.add(nonce[1])
    assert len(seen) == len(every_page(world))


def test_files_are_sent_compressed_to_whoever_takes_that_and_pages_are_not(visitor: FlaskClient) -> None:
    for address in ("/static/kontor.css?v=1", "/look/icons.svg?v=1", "/static/chartkick/Chart.bundle.js?v=1"):
        with visitor.get(address) as plain, visitor.get(address, headers={"Accept-Encoding": "gzip"}) as small:
            assert "Content-Encoding" not in plain.headers
            assert small.headers["Content-Encoding"] == "gzip"
            assert "Accept-Encoding" in small.headers["Vary"]
            assert plain.headers.get("ETag") != small.headers.get("ETag") or "ETag" not in plain.headers
            assert gzip.decompress(small.data) == plain.data
            assert len(small.data) * 2 < len(plain.data)
    assert "Content-Encoding" not in visitor.get("/sign-in", headers={"Accept-Encoding": "gzip"}).headers


def test_whoever_has_a_compressed_file_is_told_that_it_is_the_same(visitor: FlaskClient) -> None:
    takes = {"Accept-Encoding": "gzip"}
    with visitor.get("/static/kontor.css?v=1", headers=takes) as first:
        kept = first.headers["Last-Modified"]
    with visitor.get("/static/kontor.css?v=1", headers={**takes, "If-Modified-Since": kept}) as again:
        assert (again.status_code, again.data) == (304, b"")


# ---- what somebody chooses ----


def chosen(client: FlaskClient, what: str, value: str, back: str = "/sign-in"):
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)
    sent = {"csrf_token": token[1] if token else "", what: value, "back": back}
    return client.post(f"/preferences/{what}", data=sent)


def test_light_or_dark_stays_with_the_browser_before_anybody_signs_in(visitor: FlaskClient) -> None:
    assert "data-bs-theme" not in visitor.get("/sign-in").text
    answer = chosen(visitor, "theme", "dark")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    page = visitor.get("/sign-in").text
    assert '<html lang="en" data-bs-theme="dark">' in page
    assert '<meta name="color-scheme" content="dark">' in page
    chosen(visitor, "theme", "device")
    assert "data-bs-theme" not in visitor.get("/sign-in").text


def test_the_language_stays_with_the_browser_too(visitor: FlaskClient) -> None:
    chosen(visitor, "language", "pl")
    assert '<html lang="pl"' in visitor.get("/sign-in").text


@pytest.mark.parametrize("what", ["theme", "language"])
def test_what_nobody_can_choose_is_refused(visitor: FlaskClient, what: str) -> None:
    for value in ("", "no", "<svg>", "dark\r\nSet-Cookie: a=b"):
        assert chosen(visitor, what, value).status_code == 400


def test_a_choice_leads_back_to_pages_of_ours_alone(visitor: FlaskClient) -> None:
    for elsewhere in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        assert chosen(visitor, "theme", "light", back=elsewhere).headers["Location"] == "/"


def test_choices_go_along_with_the_person_to_another_browser(world: World, as_: As, visitor: FlaskClient) -> None:
    from tests.app.web.conftest import TOKEN, enter

    mine = as_("viewer")
    page = f"/programs/{world.a}/distributors"
    token = TOKEN.search(mine.get(page).text)
    assert token
    for what, value in (("theme", "dark"), ("language", "es")):
        sent = {"csrf_token": token[1], what: value, "back": page}
        assert mine.post(f"/preferences/{what}", data=sent).headers["Location"] == page
    enter(world, visitor, world.login("viewer"))
    assert '<html lang="es" data-bs-theme="dark">' in visitor.get(page).text
    for what, value in (("theme", "device"), ("language", "en")):
        mine.post(f"/preferences/{what}", data={"csrf_token": token[1], what: value})
    assert '<html lang="en">' in visitor.get(page).text


# ---- accents ----


def test_an_accent_is_a_sheet_that_any_browser_may_keep(visitor: FlaskClient) -> None:
    with visitor.get("/look/accents/ffcc00.css?v=1") as answer:
        assert answer.mimetype == "text/css"
        assert "immutable" in answer.headers["Cache-Control"]
        assert "Set-Cookie" not in answer.headers
        button = re.search(r"--accent: light-dark\((#\w{6}), (#\w{6})\);", answer.text)
        assert button
        assert all(contrast(one, "#ffffff") >= READABLE for one in button.groups())


@pytest.mark.parametrize("wrong", ["ffcc0", "FFCC00", "gggggg", "ffcc00ff", "ffcc00;}", "..%2Fffcc0"])
def test_what_is_no_accent_is_not_found(visitor: FlaskClient, wrong: str) -> None:
    assert visitor.get(f"/look/accents/{wrong}.css").status_code == 404


# ---- the app on a phone ----


def test_the_portal_can_be_put_on_a_phone(visitor: FlaskClient) -> None:
    manifest = json.loads(visitor.get("/portal/manifest.webmanifest").text)
    assert manifest["display"] == "standalone"
    for icon in manifest["icons"]:
        with visitor.get(icon["src"]) as answer:
            assert (answer.status_code, answer.mimetype) == (200, icon["type"])
    assert {"192x192", "any"} <= {icon["sizes"] for icon in manifest["icons"]}


def test_the_worker_keeps_the_page_without_a_network_and_nothing_of_anybodys(visitor: FlaskClient) -> None:
    visitor.get("/portal/offline")
    _wait_for_fonts()  # the first page of an installation comes without them
    script = visitor.get("/portal/worker.js").text
    offline = json.loads(re.search(r"^const OFFLINE = (.*);$", script, re.MULTILINE)[1])  # type: ignore[index]
    kept = json.loads(re.search(r"^const KEPT = (.*);$", script, re.MULTILINE)[1])  # type: ignore[index]
    assert offline == "/portal/offline"
    page = visitor.get(offline)
    assert "<form" not in page.text
    assert "Set-Cookie" not in page.headers
    sheets = set(re.findall(r'<link rel="stylesheet" href="([^"]+)"', page.text))
    assert sheets <= set(kept)
    for address in kept:
        with visitor.get(address) as answer:
            assert "immutable" in answer.headers["Cache-Control"], address


# ---- fonts ----


def _wait_for_fonts() -> None:
    for thread in threading.enumerate():
        if thread.name == "fonts":
            thread.join()


LETTERS = "ĄąĆćĘęŁłŃńÓóŚśŹźŻż ÑñÁáÉéÍíÚúÜü¿¡ ЁёЙйЩщЪъЫыЭэЮюЯя №₽€„”«»–—…−\u202f·•×→"


def test_no_font_is_served_but_those_that_were_made(visitor: FlaskClient) -> None:
    assert visitor.get("/look/fonts/figo.woff2").status_code == 404
    assert visitor.get("/look/fonts/other.woff2").status_code == 404


def test_fonts_are_made_beside_the_first_page_and_have_every_letter_of_our_languages(
    world: World, tmp_path: Path
) -> None:
    made = world.app.extensions["kontor"]
    app = create_app(Settings(home=tmp_path), made["addresses"], web=True)
    client = app.test_client()
    assert "fonts.css" not in client.get("/sign-in").text, "nobody waits for them"
    _wait_for_fonts()
    page = client.get("/sign-in").text
    sheet = re.search(r'<link rel="stylesheet" href="(/look/fonts\.css\?v=\w+)">', page)
    assert sheet
    addresses = re.findall(r'url\("([^"]+)"\)', client.get(sheet[1]).text)
    assert addresses == re.findall(r'<link rel="preload" href="([^"]+)" as="font"', page)
    assert len(addresses) == len(font_making.WEIGHTS)
    for address in addresses:
        answer = client.get(address)
        assert answer.mimetype == "font/woff2"
        assert "immutable" in answer.headers["Cache-Control"]
        assert len(answer.data) < 40_000
        font = TTFont(io.BytesIO(answer.data))
        known = font.getBestCmap()
        assert not [letter for letter in LETTERS if ord(letter) not in known], address
        widths = {font["hmtx"][known[ord(figure)]][0] for figure in "0123456789"}
        features = {record.FeatureTag for record in font["GSUB"].table.FeatureList.FeatureRecord}
        assert len(widths) == 1 or "tnum" in features
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "fonts").iterdir()}
    font_making.make(tmp_path / "fonts")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "fonts").iterdir()} == kept
    made_of = app.extensions["kontor"]
    made_of["attempts"].close()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
