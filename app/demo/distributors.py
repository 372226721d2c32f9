"""The sixty distributors of the demonstration: wholesalers, shops, online sellers, and people who work for them.

All names are invented; should one be borne by somebody, that is chance.
"""

from typing import NamedTuple

from app.demo.identifiers import nips

REGIONS = {
    "dolnośląskie": ("Wrocław", "Legnica", "Wałbrzych", "Bolesławiec"),
    "kujawsko-pomorskie": ("Bydgoszcz", "Toruń", "Włocławek"),
    "lubelskie": ("Lublin", "Zamość", "Puławy"),
    "lubuskie": ("Zielona Góra", "Żary"),
    "łódzkie": ("Łódź", "Piotrków Trybunalski", "Łowicz"),
    "małopolskie": ("Kraków", "Nowy Targ", "Tarnów", "Nowy Sącz", "Oświęcim"),
    "mazowieckie": ("Warszawa", "Radom", "Płock", "Żyrardów", "Siedlce"),
    "opolskie": ("Opole", "Kędzierzyn-Koźle"),
    "podkarpackie": ("Rzeszów", "Przemyśl", "Krosno"),
    "podlaskie": ("Białystok", "Łomża"),
    "pomorskie": ("Gdynia", "Gdańsk", "Słupsk"),
    "śląskie": ("Katowice", "Dąbrowa Górnicza", "Bielsko-Biała", "Częstochowa", "Żory"),
    "świętokrzyskie": ("Kielce", "Skarżysko-Kamienna"),
    "warmińsko-mazurskie": ("Olsztyn", "Ełk"),
    "wielkopolskie": ("Poznań", "Konin", "Piła", "Września"),
    "zachodniopomorskie": ("Szczecin", "Świnoujście"),
}
REGION_OF = {town: region for region, towns in REGIONS.items() for town in towns}

COMPANY, TRADER, PERSON, EMPLOYEE = "company", "sole_trader", "private_person", "distributor_employee"

# name, town, tax status, size (how much it sells, beside the others of its group)
WHOLESALERS = (
    ("Hurtownia Narzędziowa Kłos i Wspólnicy Sp. j.", "Łódź", COMPANY, 9),
    ("Śrubomark Sp. z o.o.", "Kraków", COMPANY, 13),
    ("Gwintohurt Sp. z o.o. Sp. k.", "Poznań", COMPANY, 11),
    ("Przedsiębiorstwo Handlowe Żelazna Rogatka Sp. z o.o.", "Warszawa", COMPANY, 14),
    ("Technik-Bałtyk Sp. z o.o.", "Gdynia", COMPANY, 9),
    ("Zaopatrzenie Budów Ćwiek S.A.", "Katowice", COMPANY, 12),
    ("Hurtownia Metalowa Kuźnia Północ Sp. z o.o.", "Olsztyn", COMPANY, 5),
    ("Narzędziorama Sp. z o.o.", "Wrocław", COMPANY, 10),
    ("Wschodni Skład Żelazny Sp. z o.o.", "Białystok", COMPANY, 6),
    ("Roztoczańska Hurtownia Techniczna Sp. z o.o.", "Zamość", COMPANY, 4),
    ("Podhalańskie Składy Młociarz Sp. z o.o.", "Nowy Targ", COMPANY, 5),
    ("Hurt-Zawias Nowak, Wójcik Sp. j.", "Dąbrowa Górnicza", COMPANY, 6),
    ("Zachodni Skład Narzędzi Imadło Sp. z o.o.", "Szczecin", COMPANY, 7),
    ("Mazurski Dom Techniki Sp. z o.o.", "Ełk", COMPANY, 3),
    ("Składy Techniczne Jędrusik i Syn Sp. z o.o.", "Kielce", COMPANY, 6),
    ("Marek Zieliński – doradca handlowy (Śrubomark)", "Kraków", EMPLOYEE, 4),
    ("Agnieszka Dąbek – doradczyni handlowa (Gwintohurt)", "Poznań", EMPLOYEE, 5),
    ("Łukasz Gołąb – przedstawiciel (Technik-Bałtyk)", "Gdańsk", EMPLOYEE, 3),
)
SHOPS = (
    ("Sklep Metalowy „Pod Kowadłem” Jan Ćwikła", "Tarnów", TRADER, 8),
    ("Artykuły Żelazne Barbara Świątek", "Nowy Sącz", TRADER, 6),
    ("Narzędzia u Źródła Piotr Jaźwiec", "Przemyśl", TRADER, 5),
    ("Dom Majsterkowicza Śledź i Córka s.c.", "Gdańsk", TRADER, 9),
    ("Technika Warsztatowa Łęcki Sp. z o.o.", "Lublin", COMPANY, 11),
    ("Sklep Narzędziowy Zgrzyt Tomasz Małek", "Radom", TRADER, 6),
    ("Żuraw – Sprzęt i Narzędzia Ewa Pąk", "Żyrardów", TRADER, 4),
    ("Mistrz Śrubka Krzysztof Bąk", "Bydgoszcz", TRADER, 8),
    ("Centrum Elektronarzędzi Iskierka Sp. z o.o.", "Rzeszów", COMPANY, 12),
    ("Metalowiec Grażyna Kozłowska-Żak", "Częstochowa", TRADER, 5),
    ("Złota Rączka – Sklep Firmowy Adam Ptaszyński", "Płock", TRADER, 7),
    ("Ogród i Warsztat Stanisław Chrząszcz", "Puławy", TRADER, 7),
    ("Narzędziarnia Świt Sp. z o.o.", "Bielsko-Biała", COMPANY, 9),
    ("Skład Żelaza Kaszubska Kuźnia Józef Hapka", "Słupsk", TRADER, 5),
    ("Sklep Techniczny Dźwignia Robert Mróz", "Konin", TRADER, 4),
    ("Klucz i Młot Monika Sęk", "Opole", TRADER, 6),
    ("Wiertło Paweł Gęsicki", "Toruń", TRADER, 6),
    ("Wszystko dla Ogrodu Żabka Leśna Sp. z o.o.", "Zielona Góra", COMPANY, 8),
    ("Dom Narzędzi Kępa Sp. z o.o.", "Piła", COMPANY, 6),
    ("Sklep Przemysłowy Obcążek Henryk Łoś", "Wałbrzych", TRADER, 3),
    ("Mała Kuźnia Halina Wąs", "Łowicz", TRADER, 3),
    ("Narzędzia Podlasia Michał Żubrowski", "Łomża", TRADER, 4),
    ("Śląski Majster Bronisław Ślusarczyk", "Żory", TRADER, 6),
    ("Katarzyna Lis – sprzedawczyni (Iskierka)", "Rzeszów", EMPLOYEE, 6),
    ("Dariusz Wróbel – kierownik stoiska (Technika Warsztatowa Łęcki)", "Lublin", EMPLOYEE, 5),
    ("Natalia Kuś – sprzedawczyni (Narzędziarnia Świt)", "Bielsko-Biała", EMPLOYEE, 4),
    ("Zbigniew Żurawski", "Siedlce", PERSON, 17),
    ("Stefan Gąsienica-Kula", "Nowy Targ", PERSON, 4),
    ("Wiesława Ożóg", "Krosno", PERSON, 3),
    ("Ireneusz Pszczółka", "Włocławek", PERSON, 2),
)
ONLINE = (
    ("Młotek24 Sp. z o.o.", "Warszawa", COMPANY, 14),
    ("Narzędziomat Online Sp. z o.o.", "Wrocław", COMPANY, 12),
    ("e-Warsztat Źrebak Sp. z o.o.", "Poznań", COMPANY, 9),
    ("TwojaWiertarka Filip Sójka", "Kraków", TRADER, 7),
    ("Sklep Internetowy Śrubeczka Anna Grześ", "Piotrków Trybunalski", TRADER, 6),
    ("Ogrodowo-Narzędziowo Sp. z o.o.", "Szczecin", COMPANY, 8),
    ("Pan Kombinerka Wojciech Łyżwa", "Częstochowa", TRADER, 5),
    ("Tarczownia Internetowa Sp. z o.o.", "Legnica", COMPANY, 6),
    ("DomowyWarsztat Żaneta Pióro", "Września", TRADER, 4),
    ("Baza Majstra Sp. z o.o.", "Kędzierzyn-Koźle", COMPANY, 7),
    ("Elektro-Dłuto Grzegorz Śnieżek", "Oświęcim", TRADER, 3),
    ("Olga Jeż – opiekunka aukcji (Młotek24)", "Warszawa", EMPLOYEE, 5),
)
GROUPS = {"Hurtownie": WHOLESALERS, "Sklepy narzędziowe": SHOPS, "Sprzedaż internetowa": ONLINE}


class Distributor(NamedTuple):
    """One row of distributors.csv, and what the sales need to know of it."""

    code: str
    name: str
    tax_id: str
    group: str
    tax_status: str
    town: str
    region: str
    size: int


def demo_distributors() -> list[Distributor]:
    """List all distributors in the order of their codes. People, unlike businesses, have no tax number."""
    free = iter(nips(60))
    found: list[Distributor] = []
    for group, members in GROUPS.items():
        for name, town, status, size in members:
            tax_id = next(free) if status in (COMPANY, TRADER) else ""
            code = f"D-{1001 + len(found)}"
            found.append(Distributor(code, name, tax_id, group, status, town, REGION_OF[town], size))
    return found
