"""The four hundred products of the demonstration, by family: one shape of tool in its sizes."""

from typing import NamedTuple

from app.demo.identifiers import ean13

EAN_START = 590_487_600_000

PARENT_OF = {
    "Wiertarki i wkrętarki": "Elektronarzędzia",
    "Szlifierki": "Elektronarzędzia",
    "Pilarki i strugi": "Elektronarzędzia",
    "Klucze i nasadki": "Narzędzia ręczne",
    "Młotki i przecinaki": "Narzędzia ręczne",
    "Narzędzia pomiarowe": "Narzędzia ręczne",
    "Szczypce i nożyce": "Narzędzia ręczne",
    "Kosiarki i podkaszarki": "Ogród",
    "Sekatory i piły ogrodowe": "Ogród",
    "Tarcze i ściernice": "Akcesoria",
    "Wiertła i bity": "Akcesoria",
    "Łańcuchy i liny": "Akcesoria",
}


class Family(NamedTuple):
    """One shape of tool: `sizes` are its variants, priced evenly from the first to the last (in grosze)."""

    prefix: str
    name: str
    sizes: str
    first_price: int
    last_price: int


class Product(NamedTuple):
    """One row of products.xlsx."""

    code: str
    ean: str
    name: str
    group: str
    parent: str
    unit: str
    price_minor: int


FAMILIES: dict[str, tuple[Family, ...]] = {
    "Wiertarki i wkrętarki": (
        Family("WU-", "Wiertarka udarowa {}", "500 W|600 W|710 W|850 W|1050 W|1100 W dwubiegowa", 14900, 48900),
        Family(
            "WK-",
            "Wkrętarka akumulatorowa {}",
            "12 V 1,5 Ah|12 V 2,0 Ah|18 V 2,0 Ah|18 V 4,0 Ah|18 V bezszczotkowa|20 V bezszczotkowa",
            18900,
            74900,
        ),
        Family("MW-", "Młotowiertarka SDS-Plus {}", "620 W|720 W|800 W|900 W|1050 W|1250 W", 32900, 89900),
        Family("MK-", "Młot kujący SDS-Max {}", "1100 W|1300 W|1500 W|1700 W", 99900, 219900),
        Family("ZU-", "Zakrętarka udarowa 18 V {}", "180 Nm|250 Nm|350 Nm|550 Nm|800 Nm", 29900, 99900),
        Family(
            "AK-", "Akumulator Li-Ion {}", "12 V 2,0 Ah|18 V 2,0 Ah|18 V 4,0 Ah|18 V 5,0 Ah|18 V 8,0 Ah", 8900, 42900
        ),
        Family("LA-", "Ładowarka {}", "12 V|18 V|18 V szybka|18 V dwustanowiskowa", 6900, 24900),
    ),
    "Szlifierki": (
        Family(
            "SK-",
            "Szlifierka kątowa {}",
            "115 mm 750 W|115 mm 900 W|125 mm 900 W|125 mm 1100 W|125 mm 1400 W|150 mm 1500 W|180 mm 2000 W"
            "|230 mm 2200 W|230 mm 2400 W|230 mm 2600 W",
            14900,
            69900,
        ),
        Family("SO-", "Szlifierka oscylacyjna {}", "180 W|220 W|260 W|300 W|350 W", 11900, 32900),
        Family(
            "SM-",
            "Szlifierka mimośrodowa {}",
            "125 mm 300 W|125 mm 430 W|150 mm 450 W|150 mm 600 W|150 mm 18 V",
            17900,
            64900,
        ),
        Family("ST-", "Szlifierka taśmowa {}", "75×457 mm|75×533 mm|76×610 mm|100×560 mm|100×610 mm", 24900, 69900),
        Family("PP-", "Polerka samochodowa {}", "150 mm|180 mm|200 mm|240 mm", 15900, 49900),
        Family("SB-", "Szlifierka stołowa {}", "125 mm|150 mm|175 mm|200 mm|250 mm", 18900, 59900),
    ),
    "Pilarki i strugi": (
        Family("PT-", "Pilarka tarczowa {}", "140 mm|160 mm|185 mm|190 mm|210 mm|235 mm|165 mm 18 V", 27900, 84900),
        Family("WY-", "Wyrzynarka {}", "450 W|570 W|650 W|750 W|800 W|18 V", 12900, 54900),
        Family("PS-", "Pilarka szablasta {}", "710 W|850 W|1050 W|1200 W|18 V", 21900, 64900),
        Family(
            "UK-",
            "Ukośnica {}",
            "210 mm|216 mm z posuwem|254 mm|254 mm z posuwem|305 mm|305 mm z posuwem",
            44900,
            169900,
        ),
        Family("SR-", "Strug elektryczny {}", "650 W|750 W|900 W|1100 W", 19900, 54900),
        Family("FR-", "Frezarka górnowrzecionowa {}", "710 W|1200 W|1400 W|2100 W", 29900, 99900),
    ),
    "Klucze i nasadki": (
        Family(
            "KPO-",
            "Klucz płasko-oczkowy {} mm",
            "6|7|8|9|10|11|12|13|14|15|16|17|18|19|21|22|24|27|30|32",
            590,
            4990,
        ),
        Family("NA-", 'Nasadka sześciokątna 1/2" {} mm', "8|10|11|12|13|14|15|17|19|21|22|24|27|32", 690, 2890),
        Family("GR-", "Grzechotka {}", '1/4" 45 zębów|3/8" 72 zęby|1/2" 45 zębów|1/2" 72 zęby', 3990, 11990),
        Family("IM-", "Komplet kluczy imbusowych {}", "8 szt.|9 szt.|9 szt. długie|9 szt. z kulką|T10–T50", 1990, 6990),
        Family("KN-", "Klucz nastawny {}", "150 mm|200 mm|250 mm|300 mm|375 mm", 2490, 9990),
    ),
    "Młotki i przecinaki": (
        Family("ML-", "Młotek ślusarski {}", "100 g|200 g|300 g|500 g|800 g|1000 g|1500 g|2000 g", 1490, 5490),
        Family("MC-", "Młotek ciesielski {}", "450 g|570 g|600 g magnetyczny|700 g", 4490, 12990),
        Family("GU-", "Młotek gumowy {}", "225 g|340 g|450 g|680 g", 1290, 3490),
        Family("PR-", "Przecinak ślusarski {}", "125 mm|150 mm|175 mm|200 mm|250 mm|300 mm|400 mm SDS", 1190, 4990),
        Family("PU-", "Punktak {}", "100 mm|120 mm|150 mm|automatyczny", 890, 3990),
        Family("LO-", "Łom stalowy {}", "400 mm|600 mm|900 mm", 2990, 7990),
    ),
    "Narzędzia pomiarowe": (
        Family("MI-", "Miara zwijana {}", "2 m|3 m|5 m|5 m magnetyczna|7,5 m|8 m|8 m magnetyczna|10 m", 890, 4990),
        Family("PO-", "Poziomica aluminiowa {}", "40 cm|60 cm|80 cm|100 cm|120 cm|150 cm|180 cm|200 cm", 2490, 14990),
        Family("SU-", "Suwmiarka {}", "150 mm|200 mm|150 mm cyfrowa|200 mm cyfrowa|300 mm cyfrowa", 3990, 19990),
        Family("KA-", "Kątownik stolarski {}", "200 mm|250 mm|300 mm|350 mm|500 mm", 1490, 4490),
        Family("LK-", "Laser krzyżowy {}", "10 m|15 m zielony|20 m zielony|30 m 3×360°", 19900, 119900),
        Family("DA-", "Dalmierz laserowy {}", "40 m|80 m", 14900, 34900),
    ),
    "Szczypce i nożyce": (
        Family("KO-", "Kombinerki {}", "160 mm|180 mm|200 mm|180 mm 1000 V", 2490, 5990),
        Family("OB-", "Obcęgi czołowe {}", "160 mm|180 mm|200 mm|250 mm", 2290, 4990),
        Family("SZ-", "Szczypce boczne {}", "140 mm|160 mm|180 mm|160 mm 1000 V", 2490, 6490),
        Family(
            "SG-",
            "Szczypce Segera {}",
            "proste 125 mm|proste 180 mm|proste 225 mm|gięte 125 mm|gięte 180 mm|gięte 225 mm"
            "|komplet 4 szt.|komplet 8 szt.",
            1990,
            11990,
        ),
        Family("NB-", "Nożyce do blachy {}", "proste|lewe|prawe|proste 300 mm|wykrojowe|dźwigniowe", 3490, 12990),
        Family("NT-", "Nóż z łamanym ostrzem {}", "9 mm|18 mm|18 mm metalowy|25 mm|trapezowy|trapezowy PRO", 790, 4490),
    ),
    "Kosiarki i podkaszarki": (
        Family(
            "KE-",
            "Kosiarka elektryczna {}",
            "1000 W 32 cm|1300 W 32 cm|1400 W 36 cm|1600 W 38 cm|1800 W 40 cm|2000 W 43 cm",
            29900,
            84900,
        ),
        Family(
            "KS-",
            "Kosiarka spalinowa {}",
            "40 cm pchana|46 cm pchana|46 cm z napędem|51 cm z napędem|53 cm z napędem|53 cm PRO",
            79900,
            249900,
        ),
        Family("KB-", "Kosiarka akumulatorowa {}", "33 cm 18 V|37 cm 36 V|42 cm 36 V|46 cm 40 V", 64900, 189900),
        Family("PK-", "Podkaszarka {}", "300 W|500 W|1000 W|18 V|spalinowa 33 cm³|spalinowa 52 cm³", 9900, 79900),
        Family("DM-", "Dmuchawa do liści {}", "2500 W|3000 W|18 V|spalinowa 26 cm³", 14900, 64900),
    ),
    "Sekatory i piły ogrodowe": (
        Family(
            "SE-",
            "Sekator {}",
            "nożycowy 18 cm|nożycowy 20 cm|kowadełkowy 20 cm|zapadkowy|dwuręczny 60 cm|dwuręczny 75 cm"
            "|teleskopowy|akumulatorowy",
            1990,
            34990,
        ),
        Family("NZ-", "Nożyce do żywopłotu {}", "ręczne|ręczne faliste|450 W|550 W|600 W|18 V", 4990, 39990),
        Family(
            "PI-",
            "Piła ogrodowa {}",
            "składana 18 cm|składana 21 cm|płatnica 30 cm|kabłąkowa 53 cm|kabłąkowa 76 cm",
            2490,
            6990,
        ),
        Family("SI-", "Siekiera {}", "600 g|800 g|1000 g|1600 g rozłupująca|2500 g rozłupująca", 3990, 15990),
    ),
    "Tarcze i ściernice": (
        Family(
            "TC-",
            "Tarcza do cięcia metalu {}",
            "115×1,0 mm|115×1,6 mm|125×1,0 mm|125×1,6 mm|125×2,5 mm|150×1,6 mm|180×1,6 mm|180×2,5 mm"
            "|230×1,9 mm|230×2,5 mm",
            290,
            990,
        ),
        Family(
            "TD-",
            "Tarcza diamentowa {}",
            "115 segmentowa|115 ciągła|125 segmentowa|125 ciągła|125 turbo|150 segmentowa|180 segmentowa|230 segmentowa"
            "|230 turbo|230 do betonu",
            1990,
            17990,
        ),
        Family(
            "TP-",
            "Piła tarczowa widiowa {}",
            "140×20 24z|160×20 24z|160×20 48z|185×20 24z|185×20 60z|190×30 24z|190×30 60z|210×30 48z|216×30 60z"
            "|254×30 60z|254×30 80z|305×30 96z",
            2990,
            19990,
        ),
        Family(
            "PA-",
            "Krążek ścierny na rzep 125 mm {} (10 szt.)",
            "P40|P60|P80|P100|P120|P150|P180|P240|P320|P400",
            890,
            1490,
        ),
        Family("LS-", "Ściernica listkowa 125 mm {}", "P40|P60|P80|P120", 690, 990),
    ),
    "Wiertła i bity": (
        Family(
            "WM-",
            "Wiertło do metalu HSS {} mm",
            "1,0|1,5|2,0|2,5|3,0|3,5|4,0|4,5|5,0|6,0|7,0|8,0|9,0|10,0|12,0|13,0",
            190,
            2490,
        ),
        Family(
            "WB-",
            "Wiertło do betonu SDS-Plus {} mm",
            "5×110|6×110|6×160|8×110|8×160|8×210|10×160|10×260|12×160|12×260|14×160|16×210",
            490,
            3490,
        ),
        Family(
            "WD-", "Wiertło kręte do drewna {} mm", "6×230|8×230|10×230|12×230|14×460|16×460|18×460|20×460", 990, 4990
        ),
        Family("BI-", "Bity {} (10 szt.)", "PH1|PH2|PH3|PZ1|PZ2|PZ3|T20|T25", 990, 1990),
    ),
    "Łańcuchy i liny": (
        Family("0401", "Łańcuch techniczny ocynkowany {} mm", "2|3|4|5|6|8|10|13", 390, 4490),
        Family("0402", "Lina stalowa w otulinie {} mm", "2|3|4|5|6|8|10|12", 190, 1890),
    ),
}
BY_METRE = "Łańcuchy i liny"


def demo_products() -> list[Product]:
    """List all products, families together. The codes of chains and ropes are digits that begin with a zero."""
    found: list[Product] = []
    for group, families in FAMILIES.items():
        unit = "mb" if group == BY_METRE else "szt."
        for family in families:
            for place, (size, price) in enumerate(_priced(family), start=101):
                code = f"{family.prefix}{place}"
                name = family.name.format(size)
                found.append(
                    Product(code, ean13(EAN_START + 7 * len(found)), name, group, PARENT_OF[group], unit, price)
                )
    return found


def _priced(family: Family) -> list[tuple[str, int]]:
    sizes = family.sizes.split("|")
    span = family.last_price - family.first_price
    prices = [family.first_price + span * place // (len(sizes) - 1) for place in range(len(sizes))]
    return [(size, _shelf_price(price)) for size, price in zip(sizes, prices, strict=True)]


def _shelf_price(price: int) -> int:
    """End dear things on whole złoty and cheap ones on nine groszy."""
    return price // 100 * 100 if price >= 5_000 else price // 10 * 10 + 9
