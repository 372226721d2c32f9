"""The encoding of a text is found: by its mark, its zeros, or by which letters stand where."""

import random

import pytest
from babel import Locale

from importers.files.texts.encodings import LEGACY, encoding_marked, guessed

WRITTEN = [
    ("pl", "cp1250"),
    ("pl", "iso8859-2"),
    ("pl", "cp852"),
    ("cs", "cp1250"),
    ("es", "cp1252"),
    ("de", "cp1252"),
    ("de", "cp850"),
    ("fr", "cp1252"),
    ("fr", "iso8859-15"),
    ("ru", "cp1251"),
    ("ru", "cp866"),
]
SELDOM = [("ru", "koi8-r"), ("uk", "cp1251"), ("es", "cp850")]
"""Read where there are some words: of one alone it may be what is likelier."""


def words_of(language: str) -> list[str]:
    """Names of countries, languages, currencies and months in a language, those with other letters than ASCII's."""
    known = Locale.parse(language)
    every = {*known.territories.values(), *known.languages.values(), *known.currencies.values()}
    every |= set(known.months["format"]["wide"].values())
    return sorted(word for word in every if not word.isascii())


def report(words: list[str]) -> str:
    rows = [f"F{at}/03/2026;2026-03-01;{word};{at};12,50 \r\n" for at, word in enumerate(words)]
    return "number;date;product;quantity;net\r\n" + "".join(rows)


def found(content: str, encoding: str, languages: list[str]) -> tuple[bool, bool]:
    """Tell whether a text was read as it was written, and whether that was among what it said of it."""
    written = content.encode(encoding, "replace")
    guess = guessed(written, languages, bytes(sorted(set(written))))
    meant = written.decode(encoding)
    readings = [written.decode(one) for one in (guess.name, *guess.others)]
    return readings[0] == meant, meant in readings


@pytest.mark.parametrize(("language", "encoding"), [*WRITTEN, *SELDOM])
def test_five_words_are_enough(language: str, encoding: str) -> None:
    draw, words = random.Random(language + encoding), words_of(language)
    for languages in ([language], []):
        for _ in range(12):
            content = report(draw.sample(words, 6))
            right, among = found(content, encoding, languages)
            assert among, content
            if languages:
                assert right, content


def test_one_word_is_nearly_always_enough_where_the_language_is_known() -> None:
    draw = random.Random(1)
    results = [
        found(report([draw.choice(words_of(language))]), encoding, [language])[0]
        for language, encoding in WRITTEN
        for _ in range(8)
    ]
    assert sum(results) >= 0.93 * len(results)


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("supplier;net\nSmith & Sons;£1,234.50\nJones;£12.00\n", "cp1252"),
        ("name;net\nIt’s fine – really;5 €\n", "cp1252"),
        ("size;net\n10 m² × 5 µm;5°\n", "cp1252"),
        ("¿Qué?;España\nniño;año\n", "cp1252"),
        ("Dziękuję;ŁÓDŹ\nŻÓŁW;ŚRUBA\n", "cp1250"),
        ("Товар;Цена\nКраска белая;5\n", "cp1251"),
        ("Краска В 5;и\n", "cp866"),
        ("Товар;Цена\nКраска белая;5\n", "koi8-r"),
        ("ТОВАР;ЦЕНА\nКРАСКА БЕЛАЯ ГЛЯНЦЕВАЯ;5\n", "koi8-r"),
    ],
)
def test_letters_and_signs_are_known_by_where_they_stand(content: str, encoding: str) -> None:
    assert found(content, encoding, [])[0]


def test_a_byte_that_an_encoding_lacks_rules_it_out_wherever_it_stands() -> None:
    sample = "Żółw;Łódź".encode("cp1250")
    assert guessed(sample, ["pl"], sample).name == "cp1250"
    assert guessed(sample, ["pl"], sample + b"\x81").name != "cp1250"


def test_any_bytes_have_some_encoding() -> None:
    draw = random.Random(3)
    for _ in range(20):
        assert guessed(draw.randbytes(200), [], bytes(range(256))).name in LEGACY


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("content", ["a;b\n1;2\n", "Nr;Łódź;żółw\n1;2;3\n", "Номер;Дата;Сумма;N\n1;2;3;4\n5;6;7;8\n"])
def test_letters_of_two_or_four_bytes_are_known_by_their_zeros(content: str, encoding: str) -> None:
    assert encoding_marked(content.encode(encoding)) == encoding


@pytest.mark.parametrize("head", [b"", b"a", b"abc\0", b"\0\0\0\0", b"a;b\n1;2\n", b"\x7fELF\x02\x01\x01\0\0\0\0\0"])
def test_other_bytes_are_not_taken_for_such_letters(head: bytes) -> None:
    assert encoding_marked(head) is None


@pytest.mark.parametrize("encoding", ["koi8-r", "iso8859-5", "mac_cyrillic", "cp866", "cp1251"])
def test_whole_reports_in_russian_are_read_in_whatever_they_are_written(encoding: str) -> None:
    report = (
        "Номер накладной;Дата;Контрагент;Артикул;Наименование;Количество;Цена;Сумма без НДС\n"
        "1;05.01.2026;ООО Ромашка;К1;Кабель силовой медный;2;10,00;20,00\n"
        "2;05.01.2026;ИП Щукин;К2;Выключатель двухклавишный, белый;3;5,00;15,00\n"
        "3;06.01.2026;ЗАО Электросбыт;К3;Розетка с заземлением и шторками;1;7,00;7,00\nИтого;;;;;6;;42,00\n"
    )
    found = guessed(report.encode(encoding), ["pl", "en", "de", "es", "fr", "ru"])
    assert report.encode(encoding).decode(found.name) == report


@pytest.mark.parametrize(
    ("content", "encoding", "languages"),
    [
        ("Müller;Größe;Straße", "mac_roman", ["de"]),
        ("référence;élève;forêt", "mac_roman", ["pl"]),
        ("señor;cañón;camión;árbol", "mac_roman", ["es"]),
        ("Żółw;świeca;wartość", "mac_latin2", ["pl"]),
    ],
)
def test_what_macs_write_for_the_west_and_the_middle_of_europe_is_read(
    content: str, encoding: str, languages: list[str]
) -> None:
    raw = (content + "\n").encode(encoding)
    assert guessed(raw, languages, raw).name == encoding


@pytest.mark.parametrize("word", ["лампа", "кабель;цена", "труба"])
def test_what_reads_better_in_an_encoding_that_is_seldom_used_is_asked(word: str) -> None:
    raw = (word + "\n").encode("koi8-r")
    told = guessed(raw, ["pl"], raw)
    assert told.name == "koi8-r" or "koi8-r" in told.others


@pytest.mark.parametrize("encoding", ["cp1252", "iso8859-15"])
@pytest.mark.parametrize(
    "words",
    [
        ["Café du Cœur", "Œuvres d'été", "Bœuf séché"],
        ["20,00 €", "Müller Straße"],
        ["Tõnu Põld OÜ", "Šveits AS", "Žanna Äri"],
        ["Šekki Oy", "Käsityö", "Järvinen"],
    ],
    ids=["French", "Euros", "Estonian", "Finnish"],
)
def test_letters_that_latin_9_has_in_the_places_of_signs_are_told(words: list[str], encoding: str) -> None:
    assert found(report(words), encoding, ["fr", "de"]) == (True, True)
