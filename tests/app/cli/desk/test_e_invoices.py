"""`kontor documents read`: what an e-invoice says, told to a person and to a script."""

import pytest

from app.config import settings
from tests.app.cli.conftest import Desk
from tests.support.e_invoices import SELLER_NIP, Item, fa, pdf_with, ubl
from verification.einvoices import ksef
from verification.einvoices.reading import read


def test_an_e_invoice_is_told_without_a_server_or_a_programme(stranger: Desk) -> None:
    path = stranger.file("anything.bin", pdf_with(ubl()))
    told = stranger.json("documents", "read", path)
    assert (told["format"], told["kind"], told["number"], told["issued_on"]) == (
        "UBL Invoice",
        "invoice",
        "INV-1",
        "2026-08-19",
    )
    assert told["seller"]["tax_id"] == f"PL{SELLER_NIP}"
    assert told["seller"]["other_ids"] == [{"scheme": "FC", "id": "12/345/67890"}]
    assert told["totals"]["gross_minor"] == 251_063
    assert [(line["gtin"], line["quantity_milli"], line["net_minor"]) for line in told["lines"]] == [
        ("5901234123457", 1_000, 202_499),
        (None, 3_000, 1_617),
    ]
    assert told["problems"] == []
    said = stranger.run("documents", "read", path).stdout
    assert "UBL Invoice: invoice INV-1 of 2026-08-19, in EUR" in said
    assert "2\u00a0024.99" in said


def test_what_should_be_looked_at_ends_with_1(stranger: Desk) -> None:
    path = stranger.file("i.xml", fa(gross="9999.99"))
    told = stranger.json("documents", "read", path, code=1)
    assert [(one["code"], one["severity"]) for one in told["problems"]] == [("gross_total_differs", "review")]
    assert told["problems"][0]["says"].startswith("Net and VAT come to 2510.63")
    assert "review: Net and VAT come to 2510.63" in stranger.run("documents", "read", path, code=1).stdout


def test_number_and_link_of_ksef_are_held_against_the_file(stranger: Desk) -> None:
    path = stranger.file("i.xml", fa())
    link = ksef.link_to(read(fa(), "i.xml"))
    begins = f"{SELLER_NIP}-20260819-0100001AF629"
    number = f"{begins}-{ksef.checksum(begins)}"
    assert stranger.json("documents", "read", path, "--ksef-number", number, "--qr", link)["problems"] == []
    other = ksef.link_to(read(fa(number="FV/2"), "i.xml"))
    told = stranger.json("documents", "read", path, "--ksef-number", f"{begins}-00", "--qr", other, code=1)
    assert [one["code"] for one in told["problems"]] == ["ksef_number_checksum", "ksef_link_of_other_file"]


def test_what_is_no_e_invoice_is_refused_with_why(stranger: Desk) -> None:
    photo = stranger.file("photo.xml", b"\x89PNG")
    assert stranger.error("documents", "read", photo, code=3).startswith("photo.xml: Neither XML nor a PDF")
    hostile = stranger.file("i.xml", fa(head='<?xml version="1.0"?><!DOCTYPE Faktura>'))
    assert "declares a document type" in stranger.error("documents", "read", hostile, code=3)
    assert "--program" in stranger.error("documents", "read", photo, "--distributor", "D1", code=2)


def test_schemas_of_the_installation_are_asked(stranger: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = stranger.folder / "schemas"
    folder.mkdir()
    space = "http://crd.gov.pl/wzor/2025/06/25/13775/"
    (folder / "types.xsd").write_text(
        f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="{space}"><xs:simpleType name="Sort">'
        '<xs:restriction base="xs:string"><xs:enumeration value="VAT"/></xs:restriction></xs:simpleType></xs:schema>'
    )
    (folder / "fa.xsd").write_text(
        f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="{space}" targetNamespace="{space}">'
        '<xs:include schemaLocation="http://127.0.0.1:9/far/away/types.xsd"/>'
        '<xs:element name="Faktura" type="Sort"/></xs:schema>'
    )
    monkeypatch.setenv("KONTOR_E_INVOICE_SCHEMAS", str(folder))
    settings.cache_clear()
    told = stranger.json("documents", "read", stranger.file("i.xml", fa()), code=1)
    assert {one["code"] for one in told["problems"]} == {"not_as_schema_demands"}
    assert stranger.json("documents", "read", stranger.file("u.xml", ubl()))["problems"] == [], "it has none for UBL"
    (folder / "types.xsd").unlink()
    (folder / "fa.xsd").touch()
    assert "fa.xsd" in stranger.error("documents", "read", stranger.file("i.xml", fa()), code=3)
    monkeypatch.setenv("KONTOR_E_INVOICE_SCHEMAS", str(folder / "nowhere"))
    settings.cache_clear()
    assert "is no folder" in stranger.error("documents", "read", stranger.file("i.xml", fa()), code=2)


def test_lines_are_told_in_a_programme(desk: Desk) -> None:
    products = desk.file("products.csv", "code,name,ean\nMB-48,Mountain bike 48,\nSOCKS,Racing socks L,\n")
    profile = {"columns": {"code": "code", "name": "name", "ean": "ean"}}
    desk.load(desk.programme(import_profiles={"products": profile}))
    desk.json("import", "products", products, "--program", desk.code)
    path = desk.file("i.xml", fa([Item("Bike", "1", "10", code="MB-48"), Item("Racing socks, L", "2", "5", code="7")]))
    told = desk.json("documents", "read", path, "--program", desk.code)
    bike, socks = told["lines"]
    assert bike["is"] == {"code": "MB-48", "name": "Mountain bike 48", "found_by": "code", "quantity_milli": 1_000}
    assert socks["is"] is None
    assert [(one["code"], one["alike"]) for one in socks["may_be"]] == [("SOCKS", "name")]
    said = desk.run("documents", "read", path, "--program", desk.code).stdout
    assert "MB-48 by code" in said
    assert "perhaps SOCKS" in said
    assert "'D9'" in desk.error("documents", "read", path, "--program", desk.code, "--distributor", "D9", code=4)
