"""What nobody may guess of a file is asked on its page, and answered there without knowing how profiles write it."""

import html
import io
from collections.abc import Callable

import openpyxl
import pytest
import yaml
from flask.testing import FlaskClient

from tests.app.web.admin.imports.wizard import Wizard, report
from tests.app.web.forms_seen import Page
from tests.app.web.world import World


@pytest.fixture
def wizard(world: World, as_: Callable[[str], FlaskClient]) -> Wizard:
    return Wizard(world, as_("administrator"))


def test_what_nobody_may_guess_is_asked(wizard: Wizard) -> None:
    text = "Invoice No,Invoice Date,Customer Code,Item,Qty,Net amount,Amount\n"
    text += "".join(f"Q/{at},0{at}/0{at + 1}/2026,D-5,P1,2,100.50,100.50\n" for at in range(1, 8))
    draft = wizard.bring(("us.csv", text.encode()))
    refused = wizard.save(draft)
    assert refused.status_code == 400
    page = Page(refused.text, draft)
    assert len(page.problems) == 3, "the order of dates, and two columns that may be the amount"
    twice = wizard.save(draft, **{"answer-0": "mdy", "column-5": "net_amount", "column-6": "net_amount"})
    assert twice.status_code == 400
    assert "holds that already" in twice.text
    assert wizard.save(draft, **{"answer-0": "mdy", "column-5": "net_amount", "column-6": ""}).status_code == 303
    wizard.work()
    assert "2026" in wizard.page(draft)


def test_a_question_says_where_it_stands_and_is_answered_without_knowing_how_profiles_write_it(wizard: Wizard) -> None:
    book = openpyxl.Workbook()
    for name, sheet in (("D-5", book.active), ("D-6", book.create_sheet("D-6"))):
        sheet.title = name
        sheet.append(["Nr faktury", "Data", "Kod towaru", "Ilość", "Wartość netto", "Status"])
        for at, status in enumerate(["wystawiona", "anulowana", "szkic"]):
            sheet.append([f"WHERE/{name}/{at}", "14.04.2026", "P1", 1, 100, status])
    content = io.BytesIO()
    book.save(content)
    draft = wizard.bring(("arkusze.xlsx", content.getvalue()))
    page = html.unescape(wizard.page(draft))
    assert "It holds: anulowana, szkic (rows 3, 4)" in page
    assert "<sheet>" not in page.replace('value="<sheet>"', ""), "nobody has to know what a profile calls it"
    assert "No column holds: Distributor. Where does it stand?" in page
    assert "in the names of the sheets: D-5, D-6" in page
    lacking = wizard.save(draft, **{"answer-1": "cancelled"})
    assert lacking.status_code == 400
    assert "Write it here, or choose the column that holds it." in lacking.text
    assert wizard.save(draft, **{"place-0": "<sheet>", "answer-1": "cancelled"}).status_code == 303
    wizard.work()
    assert wizard.columns(draft)["place-0"] == "<sheet>", "what was said is shown to whoever changes it"
    text = dict(yaml.safe_load(wizard.page(f"{wizard.base}/profiles/arkusze/profile.yaml")))
    assert "<sheet>" in str(text)


def test_each_number_of_a_kind_of_documents_is_asked_about_and_may_be_answered_anew(wizard: Wizard) -> None:
    rows = "".join(f"KIND/{kind};14.04.2026;D-5;P1;2;200,00;{kind}\n" for kind in (1, 2, 3))
    draft = wizard.bring(("kody.csv", f"Numer;Data;Klient;Produkt;Ilość;Netto;Typ dok.\n{rows}".encode()))

    def said(*answers: str) -> dict[str, object]:
        sent = {f"answer-{at}": one for at, one in enumerate(answers)}
        assert wizard.save(draft, source="kody", **sent).status_code == 303
        wizard.work()
        assert {name: one for name, one in wizard.columns(draft).items() if name.startswith("answer")} == sent
        return dict(yaml.safe_load(wizard.page(f"{wizard.base}/profiles/kody/profile.yaml")))

    assert "What are the documents for which “Typ dok.” holds 2?" in html.unescape(wizard.page(draft))
    first, second = str(said("sold", "returned", "no_sales")), str(said("sold", "sold", "returned"))
    assert "'credit_note': {'column': 'Typ dok.', 'values': ['2']}" in first
    assert "'other_documents': {'column': 'Typ dok.', 'values': ['3']}" in first
    assert "'credit_note': {'column': 'Typ dok.', 'values': ['3']}" in second
    assert "other_documents" not in second


def test_a_column_of_a_further_sheet_that_several_may_be_is_asked_about(wizard: Wizard) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Kwiecień"
    book.active.append(["Numer", "Data", "Klient", "Produkt", "Ilość", "Netto"])
    book.active.append(["SH/1", "14.04.2026", "D-5", "P1", 1, 100])
    other = book.create_sheet("Maj")
    other.append(["Nr dokumentu", "Data wystawienia", "Data sprzedaży", "Kontrahent", "Towar", "Ilość", "Netto"])
    other.append(["SH/2", "16.05.2026", "15.05.2026", "D-5", "P1", 1, 100])
    content = io.BytesIO()
    book.save(content)
    draft = wizard.bring(("miesiace.xlsx", content.getvalue()))
    assert "Which column of the sheets Maj holds: " in html.unescape(wizard.page(draft))
    for answer in ("left_out", "Data sprzedaży"):
        assert wizard.save(draft, source="miesiace", **{"answer-0": answer}).status_code == 303
        wizard.work()
        assert wizard.columns(draft)["answer-0"] == answer, "what was said is shown to whoever changes it"
        kept = str(dict(yaml.safe_load(wizard.page(f"{wizard.base}/profiles/miesiace/profile.yaml"))))
        assert ("'issued_on': ['Data sprzedaży']" in kept) is (answer != "left_out"), kept


def test_whose_lines_they_are_may_be_said_to_stand_in_rows_between_them(wizard: Wizard) -> None:
    rows = "Numer;Data;Produkt;Ilość;Netto\nŻółw\nH/1;2026-04-13;P1;2;200,00\nKowal\nH/2;2026-04-14;P1;1;1,00"
    draft = wizard.bring(("klienci.csv", rows.encode()))
    page = html.unescape(wizard.page(draft))
    assert "in rows between the lines, above those that they are for: Żółw, Kowal" in page
    assert wizard.save(draft, **{"place-0": "Heading"}).status_code == 303
    wizard.work()
    assert wizard.columns(draft)["column-5"] == "distributor"
    text = dict(yaml.safe_load(wizard.page(f"{wizard.base}/profiles/klienci/profile.yaml")))
    assert "distributor: Heading" in str(text).replace("'", "")


def test_months_side_by_side_are_called_by_their_names(wizard: Wizard) -> None:
    page = wizard.page(wizard.bring(("miesiące.csv", "Klient;Kod;Styczeń;Luty\nD-5;P1;1;2\nD-6;P1;3;4".encode())))
    assert "Of which year are the months January, February?" in page
    assert "0000" not in page
    rows = page.partition("Columns of the file")[2].partition("</table>")[0]
    assert rows.count("read as a month, with the others") == 2
    assert rows.count('<option selected value="">a month</option>') == 2, "they are no columns that nobody reads"


def test_rows_of_several_sheets_say_of_which_they_are(wizard: Wizard) -> None:
    book = openpyxl.Workbook()
    for month, sheet in ((4, book.active), (5, book.create_sheet("Maj"))):
        sheet.title = {4: "Kwiecień", 5: "Maj"}[month]
        sheet.append(["Nr faktury", "Data sprzedaży", "Klient", "Towar", "Ilość", "Wartość netto"])
        sheet.append([f"SH/{month}/1", f"14.0{month}.2026", "D-5", "P1" if month == 4 else "NONE", 1, 100])
    content = io.BytesIO()
    book.save(content)
    draft = wizard.bring(("kwartał.xlsx", content.getvalue()))
    assert wizard.save(draft).status_code == 303
    wizard.work()
    assert "2 of Maj" in wizard.page(draft)


def test_somebody_says_where_the_table_stands_when_the_look_found_another_one(wizard: Wizard) -> None:
    book = openpyxl.Workbook()
    prices, sales = book.active, book.create_sheet("Sprzedaż")
    prices.title = "Cennik"
    prices.append(["Kod towaru", "Nazwa towaru", "Data", "Klient", "Ilość", "Wartość netto"])
    prices.append(["P1", "Wiertarka", "14.04.2026", "D-5", 1, 100])
    for row in (["zestawienie", "za kwiecień"], ["Nr", "Dnia", "Kto", "Co", "Szt.", "Ile"]):
        sales.append(row)
    sales.append(["SAID/1", "14.04.2026", "D-5", "P1", 1, 100])
    content = io.BytesIO()
    book.save(content)
    draft = wizard.bring(("dwa arkusze.xlsx", content.getvalue()), kind="sales")
    page = Page(wizard.page(f"{draft}?change=1"), draft)
    form = next(one for one in page.forms if one.action.endswith("/look"))
    asked = {one.name: one.value for one in form.fields}
    assert (asked["sheet"], asked["row"]) == ("Cennik", "1")

    def look(**said: str) -> str:
        assert wizard.client.post(f"{draft}/look", data=asked | said).status_code == 303
        wizard.work()
        return wizard.page(f"{draft}?change=1")

    nothing = look(sheet="Sprzedaż", row="9")
    assert "Row 9 has no names of columns" in nothing
    assert "It cannot be read so." in nothing
    assert "Wiertarka" in nothing  # what was seen before stands
    assert "It cannot be read so." not in look(sheet="Sprzedaż", row="2")
    named = ["document_number", "issued_on", "distributor", "product", "quantity", "net_amount"]
    answer = wizard.save(draft, **{f"column-{at}": name for at, name in enumerate(named)})
    assert answer.status_code == 303, Page(answer.text, draft).problems
    wizard.work()
    assert "Every row would count" in wizard.page(draft)
    wrong = wizard.client.post(f"{draft}/look", data=asked | {"row": "0"})
    assert wrong.status_code == 400
    assert "Write the number of a row." in wrong.text


def test_an_amount_that_nobody_named_is_not_reckoned_before_somebody_has_chosen(wizard: Wizard) -> None:
    lines = [f"OVER/{at};{at + 13}.04.2026;D-5;P1;2;10,00;18,00" for at in range(3)]
    text = "\n".join(["Nr faktury;Data;Odbiorca;Kod;Ilość;Cena;Qwe", *lines])
    draft = wizard.bring(("over.csv", text.encode()))
    refused = wizard.save(draft)
    assert refused.status_code == 400
    assert "Choose what this column holds." in refused.text
    assert wizard.save(draft, **{"column-6": "net_amount"}).status_code == 303
    wizard.work()
    assert "Every row would count" in wizard.page(draft)


def test_what_a_source_calls_credit_notes_is_said_once_for_each_way_it_calls_them(wizard: Wizard) -> None:
    header = "Nr dokumentu;Data wystawienia;Odbiorca;Indeks;Ilość;Wartość netto"

    def checked(number: str, address: str | None = None, **said: str) -> str:
        content = report("FV", header=header) + f"\n{number};13.04.2026;D-5;P1;1;600,25\n".encode("cp1250")
        draft = address or wizard.bring((f"korekty {number[:2]}.csv", content))
        if said:
            assert wizard.save(draft, **said).status_code == 303
        else:
            assert wizard.post(f"{draft}/check").status_code == 303
        wizard.work()
        return draft

    def profile() -> dict[str, object]:
        return dict(yaml.safe_load(wizard.page(f"{wizard.base}/profiles/korekty/profile.yaml")))

    first = wizard.bring(("korekty.csv", report("FV", header=header)))
    assert wizard.save(first, source="korekty").status_code == 303
    wizard.work()
    assert "credit_note" not in str(profile())
    second = checked("KOR/1")
    assert "goods seem to have come back by documents" in wizard.page(second)
    checked("KOR/1", second, **{"answer-0": "returned"})
    assert "goods seem" not in wizard.page(second)
    third = checked("ZW/1")
    assert "goods seem to have come back by documents" in wizard.page(third)
    checked("ZW/1", third, **{"answer-0": "returned"})
    assert "goods seem" not in wizard.page(third)
    fourth = checked("FKOR/1")
    checked("FKOR/1", fourth, **{"answer-0": "sold"})
    assert "goods seem" not in wizard.page(fourth)
    kept = str(profile())
    assert all(word in kept for word in ("'number_prefix': 'KOR'", "'number_parts': ['ZW']", "'sold': ['FKOR']")), kept
    fifth = checked("KOR/2")
    assert "goods seem" not in wizard.page(fifth)
