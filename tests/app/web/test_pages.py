"""What pages show: of data as it is, of data as somebody wicked would write it, and when things go wrong."""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from app.extensions import db
from app.web.access import security
from app.web.admin.documents import documents
from app.web.lists import paging
from tests.app.web.world import CYRILLIC, FORMULA, HOSTILE, World, begin_import, do_one_job

As = Callable[[str], FlaskClient]
VOID = {"meta", "link", "input", "br", "img", "hr"}


def every_page(world: World) -> dict[str, str]:
    """Give the address of every kind of page, in programme A."""
    a = f"/programs/{world.a}"
    return {
        "overview": f"{a}/",
        "distributors": f"{a}/distributors",
        "search": f"{a}/distributors?q=zzz",
        "imports": f"{a}/imports",
        "import": f"{a}/imports/{world.batch}",
        "review": f"{a}/review",
        "statement": f"{a}/distributors/{world.distributors['D-5']}",
        "empty statement": f"{a}/distributors/{world.distributors['D-0']}",
        "document": f"{a}/documents/{world.documents['FV/0']}",
        "long document": f"{a}/documents/{world.documents['FV/LONG']}",
        "credit note": f"{a}/documents/{world.documents['KOR/1']}",
        "in review": f"{a}/documents/{world.documents['KOR/2']}",
        "missing": f"{a}/nothing",
    }


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """Collect the statements that are sent to the database."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


class Reader(HTMLParser):
    """Holds a page to what we promise of every page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.refers: list[str] = []
        self.landmarks: list[str] = []
        self.wrong: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        self.ids += [given["id"] or ""] if "id" in given else []
        naming = ("for", "aria-labelledby", "aria-describedby")
        self.refers += [one for name, value in attrs if name in naming for one in (value or "").split()]
        self.landmarks += [tag] if tag in ("main", "h1") else []
        if "style" in given or any(name.startswith("on") for name in given):
            self.wrong.append(f"inline: {tag} {attrs}")
        if (tag == "script" and not (given.get("src") or "").startswith("/static/")) or tag == "style":
            self.wrong.append(f"inline: {tag}")
        if tag == "th" and "scope" not in given:
            self.wrong.append("a th without scope")
        if tag == "form" and given.get("method") == "post":
            self.refers.append("csrf")
        if given.get("name") == "csrf_token":
            self.refers.remove("csrf")
        for name in ("src", "href", "action"):
            if (given.get(name) or "/").startswith(("http:", "https:", "//", "javascript:", "data:")):
                self.wrong.append(f"elsewhere: {given[name]}")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> closes nothing")


@pytest.mark.parametrize("name", ["owner", "anonymous"])
def test_every_page_keeps_its_promises(world: World, as_: As, name: str) -> None:
    addresses = every_page(world) if name == "owner" else {"sign in": "/sign-in", "missing": "/nothing"}
    for title, address in addresses.items():
        page = as_(name).get(address).text
        read = Reader(page)
        assert read.wrong == [], title
        assert read.open == [], title
        assert len(set(read.ids)) == len(read.ids), title
        assert set(read.refers) <= set(read.ids), title
        assert sorted(read.landmarks) == ["h1", "main"], title
        assert "<title>" in page
        assert "None" not in re.sub(r"<[^>]*>", "", page), title


def test_no_page_needs_many_queries_or_is_heavy(world: World, as_: As) -> None:
    client = as_("administrator")
    for title, address in every_page(world).items():
        with counted(world.app) as sent:
            answer = client.get(address)
        assert len(sent) <= 12, (title, sent)
        assert len(answer.data) < 60_000, title


def test_lists_need_no_more_queries_with_more_rows(world: World, as_: As) -> None:
    client = as_("administrator")
    with counted(world.app) as one:
        client.get(f"/programs/{world.a}/imports")
    with world.app.app_context():
        for _ in range(5):
            begin_import(world, world.a, "queued.csv", [("Q", "2026-04-01", "D-5", "P1", "1", "10,00")])
    with counted(world.app) as several:
        page = client.get(f"/programs/{world.a}/imports").text
    assert page.count("queued.csv") == 5
    assert len(several) == len(one)
    with world.app.app_context():
        while do_one_job(world):
            pass
        db.session.remove()


def test_wicked_names_are_text(world: World, as_: As) -> None:
    addresses = [*every_page(world).values(), f"/programs/{world.a}/distributors?q=D-2"]
    pages = [as_("owner").get(address).text for address in addresses]
    whole = "\n".join(pages)
    assert "<svg onload" not in whole
    assert "<b>&lt;svg" not in whole
    assert "&lt;svg onload=alert(1)&gt;" in whole
    assert "&lt;svg onload=alert(2)&gt; ../продажи" in whole
    assert CYRILLIC.replace("&", "&amp;") in whole
    assert f">{FORMULA}<" in whole


def test_a_wicked_file_name_is_neither_a_path_nor_a_header(world: World, as_: As) -> None:
    answer = as_("owner").get(f"/programs/{world.a}/imports/{world.batch}/problems.xlsx")
    said = answer.headers["Content-Disposition"]
    assert said.startswith("attachment; ")
    assert "filename*=UTF-8''svg-onload-alert-2-" in said
    assert not {"<", ">", "/", "\n"} & set(said.replace("UTF-8''", ""))
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.mimetype == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert answer.data.startswith(b"PK")
    answer.close()


def test_an_import_without_problems_has_no_workbook(world: World, as_: As) -> None:
    assert as_("owner").get(f"/programs/{world.b}/imports/{world.batch_of_b}/problems.xlsx").status_code == 404
    assert "Every row counted" in as_("owner").get(f"/programs/{world.b}/imports/{world.batch_of_b}").text


def test_an_import_tells_why_rows_did_not_count(world: World, as_: As) -> None:
    page = as_("owner").get(f"/programs/{world.a}/imports/{world.batch}").text
    found = re.findall(
        r'<th scope="row">([^<]+)<small>([^<]+)</small></th>\s*<td class="num" data-title="Rows">(\d+)<', page
    )
    assert [(title, rows) for title, _, rows in found] == [
        ("Unknown product", "3"),
        ("Not a date", "1"),
        ("Unknown distributor", "1"),
    ]
    assert "No product has the code &#39;NONE&#39;" in found[0][1]


def test_the_progress_of_an_import_as_it_goes(world: World, as_: As) -> None:
    rows = [(f"GO/{at}", "2026-04-01", f"D-{at % 9}", "P1", "1", "10,00") for at in range(30)]
    with world.app.app_context():
        batch_id = begin_import(world, world.a, "going.csv", rows)
        address = f"/programs/{world.a}/imports/{batch_id}"
        client, seen = as_("viewer"), []
        while True:
            now = client.get(f"{address}/progress", headers={"Accept": "application/json"}).get_json()
            seen.append((now["stage"], now["share_bp"], now["texts"]["rows_read"], now["ended"]))
            page = client.get(address).text
            assert ("data-live=" in page) == (not now["ended"])
            assert ("progress.js" in page) == (not now["ended"])
            assert ('http-equiv="refresh"' in page) == (not now["ended"])
            if not do_one_job(world):
                break
        db.session.remove()
    assert [stage for stage, *_ in seen] == ["waiting", "counting", "counting", "done"]
    assert [rows for _, _, rows, _ in seen] == ["0", "30", "30", "30"]
    shares = [share for _, share, _, _ in seen]
    assert shares == sorted(shares)
    assert shares[-1] == 10_000


def test_distributors_come_a_page_at_a_time(world: World, as_: As) -> None:
    names, address, pages = [], f"/programs/{world.a}/distributors", 0
    while address:
        page = as_("viewer").get(address).text
        names += re.findall(r'<th scope="row"><a href="[^"]*/distributors/\d+/record">([^<]+)<', page)
        found = re.search(r'href="([^"]+)" rel="next"', page)
        address = found[1].replace("&amp;", "&") if found else ""
        pages += 1
    assert pages == 2
    assert len(names) == len(set(names)) == world.number_of_distributors()
    assert [name for name in names if name.startswith("Distributor")] == [
        f"Distributor {at:02d}" for at in range(4, 60)
    ]


@pytest.mark.parametrize(
    ("asked", "codes"),
    [
        ("distributor 1", [f"D-{at}" for at in range(10, 20)]),
        ("d-5", ["D-5", *(f"D-{at}" for at in range(50, 60))]),
        ("РОМАШКА", ["D-2"]),
        ("100%", ["D-3"]),
        ("r_G", ["D-3"]),
        ("%", ["D-3"]),
        ("_", ["D-3"]),
        ("\\", []),
        ("' or 1=1 --", []),
        ("<svg", ["D-0"]),
        ("\0d-7\n", ["D-7"]),
    ],
)
def test_distributors_are_found_by_a_part_of_name_or_code(world: World, as_: As, asked: str, codes: list[str]) -> None:
    page = as_("viewer").get(f"/programs/{world.a}/distributors", query_string={"q": asked}).text
    assert sorted(re.findall(r'data-title="Code">([^<]+)<', page)) == sorted(codes)
    assert ("Nothing fits these filters" in page) == (not codes)


@pytest.mark.parametrize("after", ["0", "-1", "x", "9" * 30, str(2**63), "1 or 1=1", "", "٣"])
def test_a_place_that_nobody_has_is_the_beginning(world: World, as_: As, after: str) -> None:
    for page, name in (("distributors", "after"), ("imports", "before"), ("review", "after")):
        answer = as_("viewer").get(f"/programs/{world.a}/{page}", query_string={name: after})
        assert answer.status_code == 200
        assert "Back to the start" not in answer.text


def test_a_distributor_of_another_programme_is_no_place_in_this_one(world: World, as_: As) -> None:
    page = as_("viewer").get(f"/programs/{world.a}/distributors?after={world.distributor_of_b}").text
    assert "Back to the start" not in page


def test_a_statement_comes_a_page_at_a_time_newest_first(world: World, as_: As) -> None:
    address: str = every_page(world)["statement"]
    numbers: list[str] = []
    sizes: list[int] = []
    while address:
        page = as_("distributor").get(address).text
        here = re.findall(r'/documents/\d+">([^<]+)</a>', page)
        numbers, sizes = numbers + here, [*sizes, len(re.findall(r'<time datetime="', page))]
        found = re.search(r'href="([^"]+)" rel="next"', page)
        address = found[1].replace("&amp;", "&") if found else ""
    assert sizes[:2] == [paging.ROWS, paging.ROWS]
    first = [number for number in numbers if number.startswith("FV/") and number != "FV/LONG"]
    assert len(first) == len(set(first)) == 120
    assert numbers.index("KOR/1") < numbers.index("FV/0")


def test_a_statement_keeps_its_days_from_page_to_page(world: World, as_: As) -> None:
    address = every_page(world)["statement"]
    page = as_("distributor").get(f"{address}?from=2026-02-02&to=2026-02-08").text
    days = re.findall(r'<time datetime="([^"]+)"', page)
    assert len(days) == paging.ROWS
    assert set(days) <= {f"2026-02-0{day}" for day in range(2, 9)}
    further = re.search(r'href="([^"]+)" rel="next"', page)
    assert further
    assert "from=2026-02-02" in further[1]
    assert "to=2026-02-08" in further[1]
    rest = as_("distributor").get(further[1].replace("&amp;", "&")).text
    assert len(re.findall(r'<time datetime="([^"]+)"', rest)) == 20


@pytest.mark.parametrize("day", ["tomorrow", "2026-02-30", "99999-01-01", "\0", "2026-02-01' or 1=1"])
def test_a_day_that_is_none_is_said_and_left_out(world: World, as_: As, day: str) -> None:
    answer = as_("distributor").get(every_page(world)["statement"], query_string={"from": day})
    assert answer.status_code == 200
    assert "it was left out" in answer.text
    assert "FV/119" in answer.text


def test_days_without_movements_say_so(world: World, as_: As) -> None:
    page = as_("distributor").get(every_page(world)["statement"] + "?from=2026-12-30").text
    assert "Nothing moved in these days" in page


def test_a_document_tells_why_its_points_are_there(world: World, as_: As) -> None:
    page = as_("distributor").get(every_page(world)["document"]).text
    assert "1 point for each full 10" in page
    assert "1 × (PLN\u202f100.00 / 10, rounded down) = 10 points" in page
    assert "Returns have taken 10 of it back." in page
    assert "KOR/1" in page
    back = as_("distributor").get(every_page(world)["credit note"]).text
    assert "Was given to line 1 of FV/0." in back
    assert f'/documents/{world.documents["FV/0"]}">FV/0</a>' in back


def test_the_lines_of_a_long_document_come_a_page_at_a_time(world: World, as_: As) -> None:
    address, pages = every_page(world)["long document"], []
    while address:
        pages.append(as_("distributor").get(address).text)
        further = re.search(r'href="([^"]+)" rel="next"', pages[-1])
        address = further[1] if further else ""
    lines = [re.findall(r'<span class="line-number">(\d+)</span>', page) for page in pages]
    assert [len(page) for page in lines] == [*[documents.LINES] * 4, 10]
    assert [int(line) for page in lines for line in page] == list(range(1, 71))
    (whole,) = {one[1] for page in pages if (one := re.search(r'<p class="total">(.+)</p>', page))}
    assert whole.startswith("<strong>"), "each page tells what the whole document gave"
    beyond = as_("distributor").get(f"{every_page(world)['long document']}?line=99999999999")
    assert beyond.status_code == 200, "a number that no line can have is behind all of them"


def test_what_waits_is_listed_with_its_reason(world: World, as_: As) -> None:
    page = as_("verifier").get(every_page(world)["review"]).text
    assert "KOR/2" in page
    assert "no earlier sale explains 1 returned" in page
    assert '>1<span class="visually-hidden"> waiting' in page


def test_every_answer_tells_the_browser_what_to_allow(world: World, as_: As, visitor: FlaskClient) -> None:
    answers = [
        as_("owner").get(every_page(world)["overview"]),
        as_("owner").get("/nothing"),
        visitor.get("/"),
        visitor.post("/sign-in"),
        visitor.get("/healthz"),
        visitor.get("/static/kontor.css"),
    ]
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        nonce = re.search(r"'nonce-([\w-]{22})' 'strict-dynamic'", policy)
        assert nonce
        assert policy == security.content_security_policy(nonce[1])
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert "Strict-Transport-Security" not in answer.headers
        answer.close()
    assert answers[0].headers["Cache-Control"] == "no-store"


def test_no_cookie_travels_with_a_file_that_others_may_keep(as_: As, monkeypatch: pytest.MonkeyPatch) -> None:
    for address in ("/static/kontor.css?v=1", "/bootstrap/static/css/bootstrap.min.css?v=1"):
        with as_("owner").get(address) as kept:
            assert "Set-Cookie" not in kept.headers
    assert "Set-Cookie" not in as_("owner").get("/").headers, "a cookie that is young says the same"
    monkeypatch.setattr(security, "_COOKIE_STAYS", dt.timedelta())
    assert "Set-Cookie" in as_("owner").get("/").headers, "a page prolongs the session"


def test_files_with_their_version_are_kept_and_others_are_not(visitor: FlaskClient) -> None:
    page = visitor.get("/sign-in").text
    for address in re.findall(r'(?:href|src)="(/(?:bootstrap/)?static/[^"]+)"', page):
        kept = visitor.get(address)
        assert kept.status_code == 200
        assert "immutable" in kept.headers["Cache-Control"]
        kept.close()
        plain = visitor.get(address.partition("?")[0])
        assert "immutable" not in plain.headers.get("Cache-Control", "")
        plain.close()


def test_every_template_can_be_read(world: World) -> None:
    folder = Path(world.app.root_path).parent / "templates"
    names = [str(path.relative_to(folder)) for path in folder.rglob("*.html")]
    assert len(names) > 20
    for name in names:
        world.app.jinja_env.get_template(name)
        text = (folder / name).read_text()
        assert "|safe" not in text, name
        assert "autoescape" not in text, name


def test_a_command_that_prints_balances_does_not_load_pages() -> None:
    import subprocess
    import sys

    asked = (
        "import sys, app.cli.running.runtime; "
        "print([m for m in sys.modules if m.startswith(('app.web', 'flask_wtf', 'argon2'))])"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("hostile", [HOSTILE, "=cmd|' /C calc'!A0"])
def test_a_wicked_search_comes_back_as_text(world: World, as_: As, hostile: str) -> None:
    page = as_("viewer").get(f"/programs/{world.a}/distributors", query_string={"q": hostile}).text
    assert Reader(page).wrong == []
    assert "<svg onload" not in page


def test_a_list_of_documents_says_where_they_come_from_in_words(world: World, as_: As) -> None:
    page = as_("viewer").get(f"/programs/{world.a}/documents", headers={"Accept-Language": "ru"}).text
    assert ">Импорт<" in page
    assert ">import<" not in page


@pytest.mark.parametrize("report", ["activity", "products", "distributors"])
def test_a_sentence_ends_with_one_full_stop_where_a_day_has_its_own(world: World, as_: As, report: str) -> None:
    page = as_("viewer").get(f"/programs/{world.a}/reports/{report}", headers={"Accept-Language": "ru"}).text
    assert re.search(r"[0-9]{4}\sг\.", page)
    assert not re.search(r"г\.\.", page)


def test_a_programme_names_its_language(world: World, as_: As) -> None:
    assert "<dd>Polski</dd>" in as_("administrator").get(f"/programs/{world.a}/settings").text
