"""Sample files: for each kind the headers that are understood, in somebody's language, and one row filled in."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from app.domain.program_file.import_profile import ImportProfile
from app.exports.tables import Column, Layout
from app.exports.workbook import Sheet, write_workbook
from importers.reading.identifying import serves

LANGUAGES = ("en", "pl", "es", "ru")

_HEADERS = {
    "document_number": "Invoice number|Numer faktury|Número de factura|Номер накладной",
    "issued_on": "Invoice date|Data wystawienia|Fecha de factura|Дата накладной",
    "distributor": "Distributor code|Kod dystrybutora|Código cliente|Код клиента",
    "product": "Product code|Kod produktu|Código producto|Код товара",
    "product_name": "Product name|Nazwa produktu|Descripción|Наименование",
    "quantity": "Quantity|Ilość|Cantidad|Количество",
    "net_amount": "Net amount|Wartość netto|Importe neto|Сумма без НДС",
    "code": "Code|Kod|Código|Код",
    "name": "Name|Nazwa|Nombre|Название",
    "group": "Group|Grupa|Grupo|Группа",
    "head_office": "Head office|Centrala|Sede central|Головной офис",
    "ean": "EAN|EAN|EAN|EAN",
    "tax_id": "Tax id|NIP|NIF|ИНН",
    "birthday": "Birthday|Urodziny|Cumpleaños|День рождения",
    "enrolled_on": "Enrolled on|W programie od|En el programa desde|В программе с",
    "city": "City|Miasto|Ciudad|Город",
    "country": "Country|Kraj|País|Страна",
    "email": "E-mail|E-mail|E-mail|E-mail",
    "token": "Card token|Token karty|ID tarjeta|Токен",
    "last4": "Last 4|Ostatnie 4|Últimos 4|Последние 4",
    "reference": "Reference|Referencja|Referencia|Референс",
    "booked_on": "Booking date|Data księgowania|Fecha contable|Дата проводки",
    "amount": "Amount|Kwota|Importe|Сумма",
    "currency": "Currency|Waluta|Moneda|Валюта",
    "points": "Points|Punkty|Puntos|Баллы",
    "target": "Target|Cel|Objetivo|План",
    "product_group": "Product group|Grupa produktów|Grupo de productos|Группа товаров",
    "distributor_group": "Customer group|Grupa klientów|Grupo de clientes|Группа клиентов",
    "alias": "Their name|Nazwa u klienta|Nombre del cliente|Название у клиента",
    "reward": "Reward code|Kod nagrody|Código premio|Код награды",
    "order": "Order number|Numer zamówienia|Número de pedido|Номер заказа",
    "carrier": "Carrier|Kurier|Transportista|Перевозчик",
    "tracking": "Tracking number|Numer przesyłki|Seguimiento|Трек-номер",
    "unit": "Pieces per unit|Sztuk w jednostce|Piezas por unidad|Штук в единице",
    "event": "Event|Zdarzenie|Evento|Событие",
    "on": "Date|Data|Fecha|Дата",
    "about": "About|Dotyczy|Sobre|О чём",
    "note": "Note|Uwagi|Nota|Примечание",
    "credit": "Points given|Punkty dodane|Puntos abonados|Начислить",
    "debit": "Points taken|Punkty odjęte|Puntos cargados|Списать",
}
_OF_PEOPLE = {"name": "Full name|Imię i nazwisko|Nombre|ФИО"}
KINDS: Mapping[str, Sequence[str]] = {
    "sales": ("document_number", "issued_on", "distributor", "product", "product_name", "quantity", "net_amount"),
    "distributors": ("code", "name", "head_office", "group", "tax_id", "city", "country"),
    "products": ("code", "name", "group", "ean"),
    "people": ("distributor", "email", "name"),
    "cards": ("distributor", "token", "last4"),
    "statements": ("reference", "booked_on", "amount", "currency", "last4"),
    "rewards": ("code", "name", "points"),
    "vouchers": ("reward", "code"),
    "shipments": ("order", "reward", "carrier", "tracking"),
    "deliveries": ("document_number", "issued_on", "distributor", "product", "quantity"),
    "rates": ("product_group", "distributor_group", "points"),
    "targets": ("distributor", "target"),
    "aliases": ("alias", "product", "distributor", "unit"),
    "events": ("distributor", "event", "on", "about"),
    "adjustments": ("distributor", "credit", "debit", "note"),
}
"""What a sample of each kind has."""

_FILLED = {
    "document_number": "FV/2026/01/0001",
    "issued_on": "2026-01-15",
    "distributor": "D-001",
    "distributor_name": "Example Ltd",
    "product": "P-100",
    "product_name": "Cordless drill 18 V",
    "quantity": "2",
    "unit_price": "199.50",
    "net_amount": "399.00",
    "gross_amount": "490.77",
    "document_total": "399.00",
    "code": "001",
    "name": "Example",
    "group": "standard",
    "ean": "5901234123457",
    "tax_id": "5260250274",
    "city": "Warszawa",
    "country": "PL",
    "email": "ann@example.com",
    "token": "tok_0001",
    "last4": "4242",
    "reference": "KABCDEFGHIJK-1R1",
    "booked_on": "2026-01-15",
    "amount": "250.00",
    "currency": "PLN",
    "points": "100",
    "product_group": "drills",
    "distributor_group": "standard",
    "note": "Agreed on 15 January",
    "credit": "100",
    "event": "training",
    "on": "2026-01-15",
    "about": "safety",
    "role": "owner",
    "alias": "DRILL 18 BOX",
    "unit": "12",
    "reward": "R-100",
    "order": "1001",
    "carrier": "Post",
    "tracking": "RR000000001PL",
    "target": "50000",
}


def headers(kind: str, profile: ImportProfile | None, language: str) -> Mapping[str, str]:
    """Give the header of each field that a sample has: the profile's own, or those of a language."""
    if profile is not None:
        return dict(profile.columns)
    at = LANGUAGES.index(language) if language in LANGUAGES else 0
    named = _HEADERS | _OF_PEOPLE if kind == "people" else _HEADERS
    return {field: named[field].split("|")[at] for field in KINDS[kind]}


def write_sample(path: Path, kind: str, profiles: Mapping[str, ImportProfile], language: str) -> None:
    """Write the sample of a kind as a workbook: as the programme's profile of the kind reads it, if it has one."""
    of_kind = [one for name, one in profiles.items() if serves(name, one) == kind and one.months is None]
    profile = of_kind[0] if len(of_kind) == 1 else None
    named = headers(kind, profile, language)
    decimal = "," if profile is not None and profile.decimal == "," else "."
    cells = {field: _cell(field, decimal) for field in named}
    layout = Layout(tuple(Column(field, header) for field, header in named.items()))
    write_workbook(path, [Sheet(kind, layout, {field: [text] for field, text in cells.items()})])


def _cell(field: str, decimal: str) -> str:
    text = _FILLED.get(field, "")
    return text.replace(".", decimal) if field.endswith(("_amount", "_price", "_total")) else text
