"""Lists: sorted, filtered, paged by key in both directions, saved as views, exported as they are shown."""

import base64
import datetime as dt
import gc
import io
import re
from collections.abc import Callable

import openpyxl
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.states import Unit
from app.extensions import db
from app.models.desk import SavedView
from app.models.people import UserAccount
from app.models.programs import Program
from app.services.ledger import ledger
from app.services.rulebooks import rules_of
from app.services.tracing import balances
from app.web.lists.answering import MOST_OFFERED
from app.web.lists.describing import Listing
from tests.app.web.conftest import token_of
from tests.app.web.world import FORMULA, World

NAMES = re.compile(r'<th scope="row"[^>]*>(?:<a [^>]*>)?(.*?)(?:</a>)?</th>', re.DOTALL)


@pytest.fixture
def path(world: World) -> str:
    return f"/programs/{world.a}/distributors"


def names(page: str) -> list[str]:
    """Give what stands first in each row."""
    return NAMES.findall(page.split("<tbody>")[1].split("</tbody>")[0]) if "<tbody>" in page else []


def linked(page: str, rel: str) -> str:
    """Give the address of the next or the previous page."""
    found = re.search(rf'href="([^"]+)" rel="{rel}"', page)
    assert found is not None, rel
    return found.group(1).replace("&amp;", "&")


def test_views_that_are_not_offered_are_counted(world: World, as_: Callable[[str], FlaskClient]) -> None:
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program.id).where(Program.code == world.a)).one()
        mine, other = (
            session.scalars(select(UserAccount.id).where(UserAccount.login == world.login(who))).one()
            for who in ("viewer", "verifier")
        )
        said = {"program_id": program, "listing": "products", "query": "", "created_at": world.clock()}
        for number in range(MOST_OFFERED + 1):
            session.add(SavedView(user_id=other, name=f"A {number}", shared=True, **said))
        session.add(SavedView(user_id=mine, name="Z, my own", shared=False, **said))
    page = as_("viewer").get(f"/programs/{world.a}/products").text
    assert "Z, my own" in page, "one's own come first"
    assert "and 2 more" in page


def test_pages_follow_one_another_and_lead_back(world: World, as_: Callable[[str], FlaskClient], path: str) -> None:
    client, all_ = as_("viewer"), world.number_of_distributors()
    for order in ("name", "-name", "code", "-code", "-available", "earned"):
        first = client.get(f"{path}?sort={order}").text
        second = client.get(linked(first, "next")).text
        assert len(names(first)) == 50
        assert len(names(second)) == all_ - 50
        assert len({*names(first), *names(second)}) == all_, order
        assert 'rel="next"' not in second
        again = client.get(linked(second, "prev")).text
        assert names(again) == names(first), order
        assert 'rel="prev"' not in again


def test_the_order_is_the_columns_and_turns_round(as_: Callable[[str], FlaskClient], path: str) -> None:
    client = as_("viewer")
    up = client.get(f"{path}?sort=code").text
    down = client.get(f"{path}?sort=-code").text
    codes = re.findall(r'data-title="Code">(D-\d+)<', up)
    assert codes == sorted(codes)
    assert re.findall(r'data-title="Code">(D-\d+)<', down)[0] == "D-9"
    assert 'aria-sort="ascending"' in up
    assert 'aria-sort="descending"' in down


def test_filters_narrow_and_stand_as_chips_that_can_be_removed(as_: Callable[[str], FlaskClient], path: str) -> None:
    client = as_("viewer")
    page = client.get(f"{path}?q=Distributor+1&state=active").text
    assert names(page)
    assert all("Distributor 1" in name for name in names(page))
    chips = re.findall(r'<li class="chip">.*?href="([^"]+)"', page, re.DOTALL)
    assert [chip.replace("&amp;", "&") for chip in chips] == [f"{path}?state=active", f"{path}?q=Distributor+1"]
    assert "„Distributor 1”" in as_("viewer").get(f"{path}?q=Distributor+1", headers={"Accept-Language": "pl"}).text
    nothing = client.get(f"{path}?state=blocked").text
    assert "Nothing fits these filters" in nothing
    assert client.get(f"{path}?state=unheard-of").text.count('<th scope="row"') == 0


def test_where_nothing_waits_any_more_the_list_says_so(world: World, as_: Callable[[str], FlaskClient]) -> None:
    client = as_("administrator")
    for address in ("adjustments?state=waiting", "differences?state=open", "disputes?state=open", "runs?state=preview"):
        page = client.get(f"/programs/{world.a}/{address}").text
        assert "Nothing waits here" in page, address
        assert f'href="/programs/{world.a}/{address.partition("?")[0]}">Show all' in page, address
    for address in ("differences?state=closed", "differences?state=open&q=nobody", "adjustments?state=declined"):
        page = client.get(f"/programs/{world.a}/{address}").text
        assert "Nothing fits these filters" in page, address


def test_distributors_are_found_by_what_they_have(world: World, as_: Callable[[str], FlaskClient], path: str) -> None:
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        for code, points in (("D-40", -7), ("D-41", 7)):
            wallet = ledger.wallet_of(session, world.distributors[code], Unit.POINTS)
            told = {"key": f"{world.a}:{code}", "now": world.clock(), "actor": "test", "reason": "by hand"}
            had = balances.balance_of(session, program.id, code, Unit.POINTS).available
            ledger.adjust(session, rules_of(session, program.id), wallet, points - had, **told)
    client = as_("finance")

    def found(balance: str) -> set[str]:
        with client.get(f"{path}?balance={balance}&form=csv") as taken:
            return set(re.findall(r"D-\d+", taken.data.decode("utf-8-sig")))

    some, none, owes = found("some"), found("none"), found("owes")
    assert ("D-41" in some, "D-40" in owes) == (True, True)
    assert len(some) + len(none) + len(owes) == len(some | none | owes) == world.number_of_distributors()


@pytest.mark.parametrize(
    "query",
    [
        "after=%00", "after=bm8", "after=W10", "after=WzEsMl0", "before=W251bGwsbnVsbF0", "sort=-", "sort=group_name",
        "sort=drop table", "after=WyJhIiwxZTk5OV0", "after=" + "A" * 3000, "after=" + "W1tb" * 450,
        "sort=code&after=WyJcdWQ4MDAiLCAxXQ", "q=%25%5F%5C", "q=%00", "form=exe", "state=%0d%0a",
    ],
)  # fmt: skip
def test_what_no_page_of_ours_asks_for_shows_the_list_all_the_same(
    as_: Callable[[str], FlaskClient], path: str, query: str
) -> None:
    assert as_("viewer").get(f"{path}?{query}").status_code == 200


def test_a_place_beyond_what_its_column_holds_is_beyond_every_row(
    as_: Callable[[str], FlaskClient], world: World
) -> None:
    place = base64.urlsafe_b64encode(b"[4611686018427387904,1]").decode()
    assert as_("verifier").get(f"/programs/{world.a}/review?sort=risk&after={place}").status_code == 200


def test_a_file_is_called_after_the_day_where_its_programme_is(
    as_: Callable[[str], FlaskClient], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = dt.datetime(2026, 11, 20, 23, 30, tzinfo=dt.UTC)  # in Warsaw the next day has begun
    monkeypatch.setattr("app.web.context.now", lambda: late)
    with as_("finance").get(f"{path}?form=csv") as answer:
        assert answer.headers["Content-Disposition"].endswith("-2026-11-21.csv")


def test_the_export_is_what_is_shown_with_totals_and_harmless_cells(
    as_: Callable[[str], FlaskClient], path: str, world: World
) -> None:
    answer = as_("finance").get(f"{path}?sort=-code&q=Distributor+0&form=xlsx")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=Distributors-and-their-points-web-a-")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).worksheets[0]
    answer.close()
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][:4] == ("Distributor", "Code", "Group", "Available")
    assert [row[1] for row in rows[1:-1]] == ["D-9", "D-8", "D-7", "D-6", "D-5", "D-4"]
    assert rows[-1][0] == "Total"
    earned = rows[0].index("Earned")
    assert rows[-1][earned] == sum(row[earned] for row in rows[1:-1]) > 0
    everything = as_("finance").get(f"{path}?form=csv")
    text = everything.data.decode("utf-8-sig")
    everything.close()
    assert len(text.splitlines()) == 1 + world.number_of_distributors()
    assert f"'{FORMULA}" in text


def test_a_list_that_no_file_holds_whole_is_not_taken_away_in_part(
    as_: Callable[[str], FlaskClient], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that ends before the list does would look like the whole, and its totals would be of a part."""
    monkeypatch.setattr("app.web.lists.exporting.MOST_ROWS", 6)
    client = as_("finance")
    with client.get(f"{path}?q=Distributor+0&form=csv") as six:
        assert len(six.data.splitlines()) == 1 + 6
    answer = client.get(f"{path}?sort=-code&form=csv")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{path}?sort=-code")
    assert "A file holds 6 rows at most, and the list has more." in client.get(answer.headers["Location"]).text


def test_only_whoever_may_takes_a_list_away(as_: Callable[[str], FlaskClient], path: str) -> None:
    assert as_("viewer").get(f"{path}?form=xlsx").status_code == 404
    assert "form=xlsx" not in as_("viewer").get(path).text
    assert "form=xlsx" in as_("finance").get(path).text


def token(page: str) -> str:
    """Give the token of a page's forms."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found.group(1)


def test_views_are_saved_shared_and_removed_by_whoever_made_them(
    as_: Callable[[str], FlaskClient], path: str, world: World
) -> None:
    verifier, viewer = as_("verifier"), as_("viewer")
    page = verifier.get(f"{path}?q=1&sort=-earned").text
    saved = {"listing": "distributors", "query": "q=1&sort=-earned", "back": path, "csrf_token": token(page)}
    for name, shared in (("Mine <b>", "0"), ("Ours", "1")):
        answer = verifier.post(f"/programs/{world.a}/views", data={**saved, "name": name, "shared": shared})
        assert answer.status_code == 303
        assert answer.location == path
    page = verifier.get(path).text
    assert f'<a href="{path}?q=1&amp;sort=-earned">Mine &lt;b&gt;</a>' in page
    others = viewer.get(path).text
    assert ">Ours</a>" in others
    assert "Mine" not in others
    ids = re.findall(r'name="view" value="(\d+)"', page)
    assert len(ids) == 2
    gone = {"back": path, "csrf_token": token(others)}
    for one in ids:
        assert viewer.post(f"/programs/{world.a}/views/remove", data={**gone, "view": one}).status_code == 404
        mine = {"back": path, "csrf_token": token(page), "view": one}
        assert verifier.post(f"/programs/{world.a}/views/remove", data=mine).status_code == 303
    assert "Ours" not in viewer.get(path).text
    for name, wrong in (("  ", "Give the view a name."), ("x" * 65, "64")):
        answer = verifier.post(f"/programs/{world.a}/views", data={**saved, "name": name, "shared": "1"})
        assert answer.status_code == 400
        assert wrong in answer.text
        typed = f' value="{name.strip()}"' if name.strip() else ""  # a field without a value has none written
        assert re.search(rf'<input [^>]*name="name"[^>]* type="text"{re.escape(typed)}>', answer.text)
        assert 'name="query" type="hidden" value="q=1&amp;sort=-earned"' in answer.text
    elsewhere = {**saved, "name": "x", "back": "https://elsewhere.example/"}
    assert verifier.post(f"/programs/{world.a}/views", data=elsewhere).location == "/"


def test_a_view_that_says_something_else_is_replaced_only_by_whoever_was_told(
    as_: Callable[[str], FlaskClient], path: str, world: World
) -> None:
    """Runs are narrowed by views that are shared: one became another, and private, without a word."""
    verifier, viewer, views = as_("verifier"), as_("viewer"), f"/programs/{world.a}/views"
    sent = {"listing": "distributors", "back": path, "csrf_token": token(verifier.get(path).text)}
    shared = {**sent, "name": "Of us all", "query": "q=1", "shared": "1"}
    for _same in range(2):
        assert verifier.post(views, data=shared).status_code == 303, "what stays as it is needs no question"
    assert verifier.post(views, data={**sent, "name": "My own", "query": "q=3"}).status_code == 303
    other = {**sent, "name": "Of us all", "query": "q=2"}
    asked = verifier.post(views, data=other)
    assert asked.status_code == 409
    assert "and everybody in the programme sees it" in asked.text
    assert re.search(r'<input checked [^>]*name="shared"', asked.text), "it stays shared unless somebody says otherwise"
    assert 'name="replaces" type="hidden" value="Of us all"' in asked.text
    assert f'href="{path}?q=1">Of us all</a>' in viewer.get(path).text
    third = verifier.post(views, data={**other, "name": "My own", "replaces": "Of us all"})
    assert third.status_code == 409, "another name is another view"
    assert "everybody" not in third.text.partition('class="note note-warning"')[2].partition("</div>")[0]
    assert verifier.post(views, data={**other, "shared": "1", "replaces": "Of us all"}).status_code == 303
    assert f'href="{path}?q=2">Of us all</a>' in viewer.get(path).text
    assert f'href="{path}?q=3">My own</a>' in verifier.get(path).text
    assert verifier.post(views, data={**other, "replaces": "Of us all"}).status_code == 303, (
        "shared no longer, as asked"
    )
    assert "Of us all" not in viewer.get(path).text


def test_whoever_may_change_the_programme_removes_what_others_share_and_nothing_else_of_theirs(
    as_: Callable[[str], FlaskClient], path: str, world: World
) -> None:
    """Somebody who is gone leaves their shared views in everybody's lists."""
    verifier, boss = as_("verifier"), as_("administrator")
    page = verifier.get(path).text
    saved = {"listing": "distributors", "query": "q=1", "back": path, "csrf_token": token(page)}
    for name, shared in (("Kept", "0"), ("Left behind", "1")):
        verifier.post(f"/programs/{world.a}/views", data={**saved, "name": name, "shared": shared})
    shown = boss.get(path).text
    with world.app.app_context():
        who = db.session.scalars(select(UserAccount.name).where(UserAccount.login == world.login("verifier"))).one()
        kept, left = (
            db.session.scalars(select(SavedView.id).where(SavedView.name == name)).one()
            for name in ("Kept", "Left behind")
        )
        db.session.remove()
    assert f"<small>shared by {who}</small>" in shown
    assert f'name="view" value="{left}"' in shown
    assert f'name="view" value="{left}"' not in as_("viewer").get(path).text
    gone = {"back": path, "csrf_token": token(shown)}
    assert boss.post(f"/programs/{world.a}/views/remove", data={**gone, "view": kept}).status_code == 404
    assert boss.post(f"/programs/{world.a}/views/remove", data={**gone, "view": left}).status_code == 303
    page = verifier.get(path).text
    assert ">Left behind</a>" not in page
    assert ">Kept</a>" in page
    own = {"back": path, "csrf_token": token(page), "view": kept}
    assert verifier.post(f"/programs/{world.a}/views/remove", data=own).status_code == 303
    log = boss.get(f"/programs/{world.a}/audit?q=view.remove").text
    assert "View: removed" in log, "others miss what was shared: the log says who took it"
    assert "Left behind" in log
    assert "List: Distributors and their points" in log
    assert f"Shared by: {who}" in log
    assert "Kept" not in log, "what was one's own alone is nobody else's business"


def test_chosen_documents_are_decided_together_with_one_reason(world: World, as_: Callable[[str], FlaskClient]) -> None:
    """Only those of the list: a number of another programme, or of what is decided, chooses nothing."""
    client, review = as_("verifier"), f"/programs/{world.a}/review"
    page = client.get(review).text
    token = token_of(client, review)
    assert f'formaction="{review}/accept"' in page
    assert f'formaction="{review}/accept"' not in as_("viewer").get(review).text
    others = [str(world.document_of_b), str(world.documents["FV/0"]), "x", ""]
    for chosen in ([], others):
        answer = client.post(f"{review}/refuse", data={"csrf_token": token, "ids": chosen, "code": "twice"})
        assert (answer.status_code, answer.headers["Location"]) == (303, review)
    waits = str(world.documents["KOR/2"])
    asked = client.post(f"{review}/accept?q=KOR", data={"csrf_token": token, "ids": [waits, *others]})
    assert asked.status_code == 200
    assert re.findall(r'name="ids" value="(\d+)"', asked.text) == [waits]
    assert "KOR/2" in asked.text
    unknown = client.post(f"{review}/accept", data={"csrf_token": token, "all": "1", "code": "no-such"})
    assert (unknown.status_code, "Not a valid choice." in unknown.text) == (400, True)
    sure = client.post(f"{review}/refuse?q=KOR", data={"csrf_token": token, "ids": [waits]}).text
    first = r'name="code"[^>]*><option value="">Choose a reason</option>'
    assert re.search(first, sure), "no reason is chosen for anybody"
    empty = client.post(f"{review}/refuse", data={"csrf_token": token, "ids": [waits], "code": "", "words": "kept"})
    assert (empty.status_code, 'id="code-problem">Choose a reason.' in empty.text) == (400, True)
    assert 'value="kept"' in empty.text
    assert client.post(f"{review}/accept?q=nothing-like-it", data={"csrf_token": token, "all": "1"}).status_code == 303
    assert f'value="{waits}"' in client.get(review).text, "nothing is decided yet"


def test_a_list_that_a_page_makes_for_itself_goes_with_the_page(
    world: World, as_: Callable[[str], FlaskClient]
) -> None:
    client, path = as_("administrator"), f"/programs/{world.a}/reports/activity"

    def lists() -> int:
        assert client.get(path).status_code == 200
        gc.collect()
        return sum(isinstance(one, Listing) for one in gc.get_objects())

    assert lists() == lists()


def test_shares_are_numbers_in_a_workbook(as_: Callable[[str], FlaskClient], world: World) -> None:
    with as_("finance").get(f"/programs/{world.a}/reports/products?form=xlsx") as taken:
        sheet = openpyxl.load_workbook(io.BytesIO(taken.data)).worksheets[0]
    head, first, *_rest = sheet.iter_rows()
    share = first[[one.value for one in head].index("Share of revenue")]
    assert isinstance(share.value, float)
    assert 0 < share.value <= 1
    assert share.number_format.endswith("%")
