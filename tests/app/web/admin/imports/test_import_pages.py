"""Files brought in by pages: dropped, recognised or explained, checked, imported, corrected, brought in again."""

import datetime as dt
import io
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import openpyxl
import pytest
import yaml
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.db.transaction import transaction
from app.domain.states import JobState
from app.extensions import db
from app.models.jobs import Job
from app.models.people import AuditEvent
from app.models.programs import Program
from app.services.setup import program_files, programs
from importers.layout.words.synonyms import names_of, spoken
from importers.reading import samples
from tests.app.web.admin.imports.wizard import HEADER, Wizard, report
from tests.app.web.conftest import token_of
from tests.app.web.forms_seen import Page
from tests.app.web.world import World
from tests.support.full_disk import files_end_at


@pytest.fixture
def wizard(world: World, as_: Callable[[str], FlaskClient]) -> Wizard:
    return Wizard(world, as_("administrator"))


def test_a_file_is_explained_once_and_the_next_one_of_its_source_is_recognised(wizard: Wizard) -> None:
    draft = wizard.bring(("hurtownia 2026-04.csv", report("A")))
    said = wizard.columns(draft)
    assert [said[f"column-{at}"] for at in range(6)] == [
        *("document_number", "issued_on", "distributor", "product", "quantity", "net_amount"),
    ]
    assert said["source"] == "hurtownia"
    page = wizard.page(draft)
    assert "cp1250" in page
    assert "day, month, year" in page
    assert "sure" in page
    assert wizard.save(draft).status_code == 303
    wizard.work()
    checked = wizard.page(draft)
    assert "Every row would count" in checked
    assert "What would be awarded, by rule" in checked
    assert ">1 point for each full 10<" in checked  # the programme's rule
    assert wizard.page(wizard.base).count("dry run: nothing kept") == 1
    overview = f"/programs/{wizard.world.a}/"
    assert "hurtownia 2026-04.csv" not in wizard.page(overview), "nothing is kept of it yet"
    result = wizard.page(wizard.import_(draft))
    assert "Every row counted" in result
    assert "hurtownia 2026-04.csv" in wizard.page(overview)
    assert wizard.client.get(draft).status_code == 404  # it is on its way no longer

    again = wizard.bring(("hurtownia 2026-05.csv", report("B", month=5)))
    page = wizard.page(again)
    assert "Read as the last one of hurtownia" in page
    assert "Version" in page
    assert wizard.post(f"{again}/check").status_code == 303
    wizard.work()
    assert "Every row would count" in wizard.page(again)
    wizard.import_(again)

    same = wizard.bring(("renamed.csv", report("A")))
    assert "This very file was imported before." in wizard.page(same)
    wizard.post(f"{same}/check")
    wizard.work()
    assert "Here already" in wizard.page(same)
    assert 'action="' + f"{same}/import" not in wizard.page(same)
    assert wizard.post(f"{same}/put-away").status_code == 303
    assert wizard.client.get(same).status_code == 404


def test_a_list_that_holds_two_kinds_is_no_file_that_came_twice(wizard: Wizard) -> None:
    both = ("both.csv", b"code;name;email\nD-71;Seventy-one;seventy@one.example\n")
    draft = wizard.bring(both, kind="distributors")
    assert wizard.save(draft, source="both").status_code == 303
    wizard.work()
    wizard.import_(draft)
    people = wizard.bring(both, kind="people")
    wizard.save(people, **{"column-0": "distributor", "column-1": "name", "column-2": "email", "source": "both-people"})
    wizard.work()
    assert "This very file was imported before." not in wizard.page(people)
    wizard.import_(people)
    again = wizard.bring(both, kind="people")
    assert "This very file was imported before." in wizard.page(again)


def test_a_list_of_another_kind_is_not_taken_for_one_whose_columns_it_has(wizard: Wizard) -> None:
    shops = ("shops.csv", b"code;name;remarks\nD-81;Eighty-one;\n")
    draft = wizard.bring(shops, kind="distributors")
    assert wizard.save(draft, source="shops").status_code == 303
    wizard.work()
    goods = wizard.bring(("goods.csv", b"code;name;ean;group\nP-81;Saw;5901234123457;drills\n"))
    assert '<option selected value="products">' in wizard.page(goods)


def test_what_was_noticed_of_a_file_stands_on_its_check_and_on_its_import(wizard: Wizard) -> None:
    rows = [f"S/1;14.04.2026;D-5;P1;2;1 200,50;{who}" for who in ("Ewa Kos", "Jan Żuk")]
    draft = wizard.bring(("dwoje.csv", "\n".join([f"{HEADER};Handlowiec", *rows]).encode("cp1250")))
    assert wizard.save(draft, **{"column-6": "person", "source": "dwoje"}).status_code == 303
    wizard.work()
    noticed = "Documents whose rows name different people: 1 (S/1)."
    assert noticed in wizard.page(draft)
    assert noticed in wizard.page(wizard.import_(draft))


def test_a_group_that_nobody_made_is_made_on_the_page_that_the_check_and_the_import_name(wizard: Wizard) -> None:
    shops = ("groups.csv", b"code;name;group;remarks\nD-91;Ninety-one;Newcomers;\n")
    draft = wizard.bring(shops, kind="distributors")
    assert wizard.save(draft, source="groups").status_code == 303
    wizard.work()
    there = f'<a href="/programs/{wizard.world.a}/groups">Groups</a>'
    told = wizard.page(draft).partition('id="repairs-title"')[2].partition("</section>")[0]
    assert ("make it first, and bring the file again" in told, there in told) == (True, True)
    told = wizard.page(wizard.import_(draft)).partition('id="reasons-title"')[2].partition("</section>")[0]
    assert ("make the group first and bring the file again" in told, there in told) == (True, True)


def test_days_that_were_noticed_are_written_alike_on_a_check_and_on_its_import(
    world: World, as_: Callable[[str], FlaskClient]
) -> None:
    wizard = Wizard(world, as_("owner"))
    new = "/platform/programs/new"
    made = {"name": "Klub Dni", "sponsor": "Dni S.A.", "country": "PL", "currency": "PLN", "locale": "pl"}
    made |= {"time_zone": "Europe/Warsaw", "starts_on": "2026-01-01", "point_value": "0.50"}
    assert wizard.client.post(new, data={"csrf_token": token_of(wizard.client, new), **made}).status_code == 303
    wizard.base = "/programs/klub-dni/imports"
    draft = wizard.bring(("first.csv", b"code;name;remarks\nD-1;One;\n"), kind="distributors")
    assert wizard.save(draft, source="first").status_code == 303
    wizard.work()
    noticed = "do so since 1 Jan 2026, the first day of the programme"
    assert noticed in wizard.page(draft)
    assert noticed in wizard.page(wizard.import_(draft))


def test_what_is_said_of_a_file_is_a_revision_of_the_programme_and_leaves_with_its_file(
    wizard: Wizard, world: World
) -> None:
    draft = wizard.bring(("erp.csv", report("REV", header=HEADER.replace("Indeks", "Symbol"))))
    answer = wizard.save(draft, source="erp")
    assert answer.status_code == 303, Page(answer.text, draft).problems
    with world.app.app_context(), transaction(db.session) as session:
        document = programs.export(session, world.a)
        assert document["import_profiles"]["erp"]["columns"]["product"] == "Symbol"
        assert document["import_profiles"]["erp"]["dates"] == "dmy"
        assert program_files.parse(program_files.to_yaml(document))
    address = f"{wizard.base}/profiles/erp"
    form = next(one for one in Page(wizard.page(address), address).forms if one.action == address)
    sent = {one.name: one.value for one in form.fields}
    assert sent["field-product"] == "Symbol"
    assert "or a format such as %d.%m.%Y; empty" in wizard.page(address)
    assert wizard.client.post(address, data=sent | {"unknown_product": "create"}).status_code == 303
    assert "<dd>2</dd>" in wizard.page(address)  # its version
    written = {"decimal": ",", "thousands": ".", "number-net_amount": ".,", "number-quantity": ""}
    assert wizard.client.post(address, data=sent | {"unknown_product": "create"} | written).status_code == 303
    shown = {one.name: one.value for form in Page(wizard.page(address), address).forms for one in form.fields}
    assert {name: shown[name] for name in written} == written
    exported = wizard.client.get(f"{address}/profile.yaml").text
    assert yaml.safe_load(exported)["import_profiles"]["erp"]["numbers"] == {
        "net_amount": {"decimal": ".", "thousands": ","}
    }
    alike = wizard.client.post(address, data=sent | written | {"decimal": "."})
    assert "This sign parts the decimals: choose another." in alike.text
    refused = wizard.client.post(address, data=sent | {"field-product": ""})
    assert refused.status_code == 400
    assert "product" in refused.text
    exported = wizard.client.get(f"{address}/profile.yaml").text
    assert "unknown_product: create" in exported
    assert "decimal:" in exported
    assert wizard.post(f"{address}/remove").status_code == 303
    assert wizard.client.get(address).status_code == 404


def test_a_source_that_sends_another_header_is_nearly_known_and_names_are_not_taken_twice(wizard: Wizard) -> None:
    own = HEADER.replace("Kod klienta", "Odbiorca")
    assert wizard.save(wizard.bring(("sklep.csv", report("S1", header=own))), source="sklep").status_code == 303
    wider = report("S2", header=f"{own};Magazyn").replace(b"1 200,50", b"1 200,50;M1")
    draft = wizard.bring(("sklep.csv", wider))
    page = wizard.page(draft)
    assert "Nearly known." in page
    assert wizard.columns(draft)["source"] == "sklep"
    other = wizard.bring(("sklep.csv", report("S3", header=own.replace("Odbiorca", "Nabywca"))))
    assert wizard.columns(other)["source"] == "sklep-2"
    refused = wizard.save(other, source="sklep")
    assert refused.status_code == 400
    assert "Another source is called so" in refused.text
    assert wizard.save(draft).status_code == 303  # it is this source's new header from now on
    assert "Read as the last one of sklep" in wizard.page(wizard.bring(("sklep 2.csv", wider + b"\n")))


def test_problems_are_grouped_by_what_repairs_them_and_come_back_corrected(wizard: Wizard, world: World) -> None:
    good, bad = report("OK").decode("cp1250"), report("BAD", product="NONE", rows=5).decode("cp1250")
    draft = wizard.bring(("mixed.csv", "\n".join([good, *bad.splitlines()[1:]]).encode("cp1250")))
    if "/imports/drafts/" in draft and "Which column holds what" in wizard.page(draft):
        wizard.save(draft)
    else:
        wizard.post(f"{draft}/check")
    wizard.work()
    page = wizard.page(draft)
    assert "Unknown product" in page
    assert "Say what the name means, once" in page
    assert page.count("No product has the code") == 3, "three examples of five rows"
    assert f"/programs/{world.a}/imports/unmatched" in page
    result = wizard.import_(draft)
    assert "Bring the corrected workbook in" in wizard.page(result)
    taken = wizard.client.get(f"{result}/problems.xlsx")
    workbook = openpyxl.load_workbook(io.BytesIO(taken.data))
    taken.close()
    sheet = workbook.worksheets[0]
    product = [cell.value for cell in sheet[1]].index("Indeks") + 1
    for row in range(2, sheet.max_row + 1):
        sheet.cell(row, product).value = "P1"
    corrected = io.BytesIO()
    workbook.save(corrected)
    back = wizard.bring(("mixed-problems.xlsx", corrected.getvalue()))
    assert "Read as the last one of" in wizard.page(back), "by its own columns, whatever the last one says"
    wizard.post(f"{back}/check")
    wizard.work()
    assert "Every row would count" in wizard.page(back)
    wizard.import_(back)
    new = wizard.bring(("new.csv", report("NEW", product="NOBODY", rows=2)))
    wizard.post(f"{new}/check")
    wizard.work()
    assert f'action="{new}/import"' in wizard.page(new), "nothing of it counts yet, and all of it waits to be told"
    wizard.import_(new)
    assert "NOBODY" in wizard.page(f"/programs/{world.a}/imports/unmatched")


def test_where_the_disk_is_full_the_page_says_so_and_nothing_is_left_of_the_file(wizard: Wizard) -> None:
    content = report("ROOM") + b"\n" * 4_000
    found = drafts_in(wizard)
    with files_end_at(2_000):
        answer = wizard.post(f"{wizard.base}/new", files=[(io.BytesIO(content), "march.csv")], source="", kind="")
    assert answer.status_code == 507
    assert "The disk of the server is full" in answer.text
    assert drafts_in(wizard) == found
    wizard.bring(("march.csv", content))
    assert len(drafts_in(wizard)) == len(found) + 1


def drafts_in(wizard: Wizard) -> set[Path]:
    """Name the files that are there of drafts, and pieces of them."""
    return {path for path in (wizard.world.settings.files / "drafts").rglob("*") if path.is_file()}


def test_many_files_come_at_once_and_what_cannot_be_used_keeps_no_other_back(wizard: Wizard) -> None:
    files: Iterable[tuple[str, bytes]] = (
        ("april.csv", report("M1")),
        ("may.csv", report("M2", month=5)),
        ("scan.pdf", b"%PDF-1.4 a picture of a table"),
        ("../../etc/passwd", b"root:x:0:0\n"),
        ("<svg onload=alert(1)>.xlsx", b"PK\x03\x04" + bytes(64)),
        ("cards.csv", b"name,note\nAnn,4111 1111 1111 1111\n"),
        ("empty.csv", b""),
    )
    assert wizard.bring(*files).endswith("/imports/new")
    page = wizard.page(f"{wizard.base}/new")
    assert page.count("Cannot be used") >= 4
    assert "A PDF" in page
    assert "&lt;svg onload=alert(1)&gt;.xlsx" in page
    assert "4111" not in page
    kept = wizard.world.settings.files / "drafts"
    assert not [one for one in kept.rglob("original") if b"4111 1111" in one.read_bytes()]
    wizard.post(f"{wizard.base}/drafts/check")
    wizard.work()
    page = wizard.page(f"{wizard.base}/new")
    assert page.count("All right") >= 2
    answer = wizard.post(f"{wizard.base}/drafts/import")
    assert answer.headers["Location"].endswith("/imports")
    wizard.work()
    assert "april.csv" in wizard.page(wizard.base)
    assert "April" not in wizard.page(f"{wizard.base}/new")


def test_files_of_one_header_are_explained_once_when_they_come_together(wizard: Wizard) -> None:
    header, other = HEADER.replace("Faktura nr", "Nr faktury"), HEADER.replace("Ilość", "Liczba sztuk")
    wizard.bring(
        ("lodz june.csv", report("T1", header=header)),
        ("lodz july.csv", report("T2", month=7, header=header)),
        ("else.csv", report("T3", header=other)),
    )
    numbers = [int(one) for one in re.findall(r"/drafts/(\d+)\"", wizard.page(f"{wizard.base}/new"))[:3]]
    _else, july, june = (f"{wizard.base}/drafts/{one}" for one in numbers)
    assert wizard.save(june, source="lodz").status_code == 303
    assert "1 more file has the same header: it is looked at anew." in wizard.page(june)
    wizard.work()
    assert "Read as the last one of lodz" in wizard.page(july)
    waiting = wizard.page(f"{wizard.base}/new")
    assert waiting.count("Recognised") + waiting.count("All right") >= 2
    assert "Guessed" in waiting, "another header is another source"


def test_an_import_that_was_undone_says_that_its_rows_counted_until_then(wizard: Wizard) -> None:
    draft = wizard.bring(("undone.csv", report("UNDONE")))
    wizard.post(f"{draft}/check")
    wizard.work()
    imported = wizard.import_(draft)
    assert wizard.post(f"{imported}/undo", reason="a test").status_code == 303
    wizard.work()
    page = wizard.page(imported)
    assert "Every row counted, until the import was undone" in page
    assert "count no longer: the import was undone" in page
    assert "No row was judged" not in page


def test_an_import_that_was_given_up_goes_on_from_its_page(wizard: Wizard, world: World) -> None:
    draft = wizard.bring(("given-up.csv", report("GIVEN-UP")))
    if "column-0" in wizard.page(draft):
        assert wizard.save(draft).status_code == 303
        wizard.work()
    page = str(wizard.post(f"{draft}/import").location)
    number = int(page.rpartition("/")[2])
    of_it = Job.payload["batch"].as_integer() == number
    with world.app.app_context(), transaction(db.session) as session:
        session.execute(update(Job).where(of_it).values(state=JobState.FAILED, error="OSError: no room left"))
    stopped = wizard.page(page)
    assert "no room left" in stopped
    assert "It can go on." in stopped
    assert wizard.post(f"{page}/resume").location == page
    wizard.work()
    assert "Every row counted" in wizard.page(page)
    assert "It goes on already, or has ended." in wizard.page(str(wizard.post(f"{page}/resume").location))
    with world.app.app_context():
        noted = db.session.scalars(select(AuditEvent.subject).where(AuditEvent.action == "import.resume")).all()
        db.session.remove()
    assert noted == [f"given-up.csv ({number})"], "said once"


def test_nothing_and_too_much_are_refused_with_a_reason(wizard: Wizard) -> None:
    answer = wizard.post(f"{wizard.base}/new", kind="", source="")
    assert answer.status_code == 400
    assert "Choose a file." in answer.text
    assert wizard.post(f"{wizard.base}/new", kind="weather").status_code == 400
    large = {"CONTENT_LENGTH": str(5 * wizard.world.settings.max_upload_mb << 20)}
    over = wizard.client.post(f"{wizard.base}/new", data={"kind": ""}, environ_overrides=large)
    assert over.status_code == 413


def test_a_file_that_cannot_be_used_says_why_in_the_readers_language(wizard: Wizard) -> None:
    refused = wizard.bring(("photo.csv", b"\x89PNG\r\n\x1a\n" + bytes(200)))
    in_polish = {"Accept-Language": "pl"}
    said = "Obraz, oczekiwano skoroszytu albo tabeli tekstowej; zapisz tabelę jako .xlsx albo CSV."
    assert said in wizard.client.get(refused, headers=in_polish).text
    assert said in wizard.client.get(f"{wizard.base}/new", headers=in_polish).text
    assert "A picture, expected a workbook" in wizard.page(refused)


def test_a_profile_whose_columns_are_missing_names_them_and_their_fields_in_the_readers_language(
    wizard: Wizard,
) -> None:
    unfit = wizard.bring(("stocks.csv", b"Towar;Stan\nA;1\n"), source="sales", kind="sales")
    page = wizard.client.get(unfit, headers={"Accept-Language": "pl"}).text
    assert "w nagłówku brakuje" in page
    assert "(Data wystawienia)" in page
    assert "the header lacks" in wizard.page(unfit)


@pytest.mark.parametrize("language", samples.LANGUAGES)
def test_the_headers_of_a_sample_are_understood(language: str) -> None:
    for kind in samples.KINDS:
        for field, header in samples.headers(kind, None, language).items():
            assert spoken(header) in names_of(kind)[field], (kind, header)


def test_a_sample_can_be_brought_in_as_it_is(wizard: Wizard, world: World) -> None:
    answer = wizard.client.get(f"{wizard.base}/sample.xlsx?kind=products")
    assert answer.status_code == 200
    draft = wizard.bring(("products.xlsx", answer.data))
    assert wizard.save(draft).status_code == 303
    wizard.work()
    assert "Every row would count" in wizard.page(draft)
    with world.app.app_context(), transaction(db.session) as session:
        assert session.scalars(select(Program).where(Program.code == world.a)).one().import_profiles["products"]


def test_the_figures_of_a_check_and_of_its_import_add_up_to_the_rows_of_data(wizard: Wizard) -> None:
    lines = ("SUMA/1;14.04.2026;D-5;P1;2;1 200,50", "", "SUMA/2;15.04.2026;D-5;W-98;2;1 200,50", "Razem;;;;4;2 401,00")
    draft = wizard.bring(("z sumą.csv", "\n".join([HEADER, *lines]).encode("cp1250")))
    assert wizard.save(draft, source="z-suma").status_code == 303
    wizard.work()
    checked = wizard.page(draft)
    assert '<li class="step step-now" aria-current="step"><span>3 · Check</span>' in checked, "nothing is imported yet"
    told = dict(re.findall(r"<dt>([^<]+)</dt>\s*<dd><strong>([^<]+)</strong>", checked))
    assert told == {"Would count": "1", "Here already": "0", "Held": "1", "Refused": "0", "Changed": "0"}
    assert "of 2 rows of data" in checked
    awards = checked[checked.index('id="awards-title"') :]
    assert '<th scope="row">1 point for each full 10</th>' in awards, "rules stand there by their names"
    told = wizard.page(wizard.import_(draft))
    assert "<dt>Rows of data</dt>\n<dd><strong>2</strong><small>besides headings, blank rows and totals: 2<" in told
    assert "50% of the rows" in told
    assert "<dt>Options</dt><dd>Dates: day, month, year: 31.12.2025" in told, "how it was read, in words"
    assert "Decimal sign: a comma: 1 234,50" in told


def test_from_an_import_one_comes_to_its_documents_that_wait(wizard: Wizard) -> None:
    for name, number in (("zwroty 04.csv", "WZ/1"), ("zwroty 05.csv", "WZ/2")):
        draft = wizard.bring((name, f"{HEADER}\n{number};14.04.2026;D-6;P1;-2000;-1 200,50\n".encode("cp1250")))
        assert wizard.save(draft, source=name[:9].replace(" ", "-")).status_code == 303
        wizard.work()
        page = wizard.page(wizard.import_(draft))
    assert "1 document waits for a decision:" in page
    there = re.search(r'href="([^"]+/review\?import=\d+)"', page)
    assert there
    waiting = wizard.page(there[1])
    assert "WZ/2" in waiting
    assert "WZ/1" not in waiting
    assert "zwroty 05.csv" in waiting  # what the filter says


def test_a_check_that_awards_nothing_says_that_no_later_rule_will_and_days_tell_no_midnight(wizard: Wizard) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(HEADER.split(";"))
    book.active.append(["SMALL/1", dt.date(2026, 4, 14), "D-5", "P1", 1, 1.5])
    written = io.BytesIO()
    book.save(written)
    draft = wizard.bring(("small.xlsx", written.getvalue()))
    assert "<td>2026-04-14</td>" in wizard.page(draft)
    assert wizard.save(draft, source="small").status_code == 303
    wizard.work()
    page = wizard.page(draft)
    assert "<td>2026-04-14</td>" in page
    assert "one that is published later gives nothing for what counts by then" in page
