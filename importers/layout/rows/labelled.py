"""Rows of labels and what they say, as reports have them above the lines of each document.

``Faktura: FV/1/2026   Data: 05.01.2026   Klient: Hurtownia`` is one, in a cell or in several, and so are ``Invoice no.
1001``, ``Реализация товаров 0012 от 05.01.2026`` and ``Klient Hurtownia Północ``, which need no colon.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from importers.layout.words.around import PAGE_WORD, TOTAL
from importers.layout.words.synonyms import names_of, spoken
from importers.layout.written.dates import read_moment

NUMBER, DAY = "document_number", "issued_on"
LABELS = (NUMBER, DAY, "distributor", "distributor_name", "corrects", "person", "outlet", "channel")
"""Fields of which a row may say what they are in the lines below it."""
CUSTOMERS = frozenset({"distributor", "distributor_name"})
_CUSTOMERS_WORDS = frozenset(
    (
        *("odbiorca", "nabywca", "kontrahent", "klient", "dystrybutor", "płatnik", "customer", "client", "buyer"),
        *("distributor", "cliente", "comprador", "distribuidor", "контрагент", "клиент", "покупатель", "получатель"),
        *("заказчик", "kunde", "käufer", "debitor", "abnehmer", "acheteur", "distributeur"),
    )
)
"""Words that may stand before a name without a colon; others, such as ``Firma`` and ``Hurtownia``, begin names."""
_WHOSE = 2
"""Cells of a row that says whose the lines below it are: the name may stand behind ``Klient:`` in one of its own."""
_LONGEST = 400
_MOST_WORDS = 5
_SHORT = 4
"""Letters of a word in capitals with which a number may begin: ``FV 1/2026``."""
_COLON = re.compile(r"(?<!\d):|:(?!\d)")
_GAP = re.compile(r"\s{2,}|\n|[,;|]\s*")
_NUMBER_SIGNS = frozenset({"nr", "no", "no.", "nr.", "№", "n°", "nº", "num", "num.", "numer", "number", "#", "номер"})
_DAYS = dict(
    [
        *(("z dnia", "Data"), ("z", "Data"), ("dnia", "Data"), ("dated", "Date"), ("of", "Date"), ("from", "Date")),
        *(("vom", "Datum"), ("от", "Дата"), ("de fecha", "Fecha"), ("del", "Fecha"), ("de", "Fecha"), ("du", "Date")),
    ]
)
"""What stands between a document's number and its day, and what a column of such days would be called."""
_DATED = re.compile(
    rf"(?P<before>.*?)(?:^|[\s,(]+)(?P<word>{'|'.join(sorted(_DAYS, key=len, reverse=True))})\s+"
    r"(?P<day>\d[^()]*?)\s*(?:\b[rг]\.?)?\)?",
    re.IGNORECASE,
)
_CREDIT_NOTE = re.compile(
    r"(?i)(?:faktura (?:vat )?koryg\w+|korekta|credit (?:note|memo)|(?:rechnungs)?gutschrift|storno(?:rechnung)?"
    r"|factura rectificativa|nota de (?:crédito|abono)|nota (?:di )?credito|abono|avoir"
    r"|facture d.avoir|корректировоч\w+|возврат)(?!\w)"
)
"""What the label begins with that stands before the number of a credit note."""
_NUMBERED = re.compile(r"\d\w*[/\\-]\w|[^\W\d][/\\-]\w*\d|[^\W\d]{2,4}\s?\d{2,}")
"""How numbers of documents look: ``PAR/7``, ``12/2026``, ``WZ 0012``."""
_FIGURE = re.compile(r"\d")


class Labelled(NamedTuple):
    """What a row says behind a label: of which field (None: of none that lines have), and what."""

    label: str
    field: str | None
    text: str


@cache
def _fields() -> dict[str, str]:
    """Give the field of each label, as labels are compared: reports of sales name deliveries as well."""
    kinds = (names_of("deliveries"), names_of("sales"))
    told = [(one, kind.get(one, {})) for one in reversed(LABELS) for kind in kinds]
    return {name: field for field, names in told for name, sure in names.items() if sure}


@cache
def column_names() -> frozenset[str]:
    """Give what columns are called, of whatever field."""
    return frozenset().union(*names_of("sales").values())


def field_of(label: str) -> str | None:
    """Give the field that we know to be called so."""
    return _fields().get(spoken(label))


def calls_documents(label: str) -> bool:
    """Say whether we know that a number of a document stands behind this."""
    return field_of(label) == NUMBER


def labelled(cells: Sequence[str]) -> list[Labelled]:
    """Give what a row says behind labels; nothing where it holds anything else as well.

    ``cells`` are trimmed, and none is empty. What is longer than labels ever are says nothing: it is not gone through.
    """
    if any(len(cell) > _LONGEST for cell in cells):
        return []
    found: list[Labelled] = []
    waiting: str | None = None  # a label whose text is in the next cell
    for cell in cells:
        if waiting is not None and not waiting.endswith(":") and spoken(cell) in column_names():
            return []  # names of columns, side by side
        said = _parted(cell)
        if waiting is not None and not said and spoken(cell) not in _fields():
            found += _told(waiting.rstrip(" :"), cell)
            waiting = None
            continue
        if waiting is not None:
            found.append(Labelled(waiting.rstrip(" :"), None, ""))
            waiting = None
        if spoken(cell) in _fields():
            waiting = cell
        elif said:
            *whole, (label, text) = said
            found += [one for told in whole for one in _told(*told)]
            if text:
                found += _told(label, text)
            else:
                waiting = f"{label}:"
        elif bare := _without_colon(cell) or _begun_without(cell) or (_customer(cell) if len(cells) == 1 else []):
            found += bare
        elif not (found and found[-1].field in CUSTOMERS):  # a customer's name may stand behind its code
            return []
    if any(one.field is not None and _COLON.search(one.text) for one in found):
        return []  # another label, of which nobody can say where it begins
    found += [Labelled(waiting.rstrip(" :"), None, "")] if waiting else []
    return found if any(one.text for one in found) else []  # of names of columns, some have a colon


def _parted(cell: str) -> list[tuple[str, str]]:
    """Part a cell into labels, each before a colon, and what stands behind them; nothing where it does not begin so."""
    places: list[tuple[int, int]] = []  # where each label begins, and where its colon is
    for colon in (one.start() for one in _COLON.finditer(cell)):
        begins = _label_before(cell[:colon], places[-1][1] + 1 if places else 0, first=not places)
        if begins is not None:
            places.append((begins, colon))
        elif not places:
            return []
    ends = [*(begins for begins, _ in places[1:]), len(cell)]
    return [
        (cell[begins:colon].strip(), cell[colon + 1 : end].strip(" \t,;|"))
        for (begins, colon), end in zip(places, ends, strict=False)
    ]


def _label_before(text: str, start: int, *, first: bool) -> int | None:
    """Say where the label begins that ends a text; behind another one, what it is must be known or set off."""
    words = list(re.finditer(r"\S+", text[start:]))
    if first:
        return start if 0 < len(words) <= _MOST_WORDS and not _FIGURE.search(text) else None
    for word in words[-_MOST_WORDS:]:
        if spoken(text[start + word.start() :]) in _fields():
            return start + word.start()
    gaps = [one.end() for one in _GAP.finditer(text[start:])]
    if not gaps or not (label := text[start + gaps[-1] :].strip()) or _FIGURE.search(label):
        return None
    return start + gaps[-1] if len(label.split()) <= _MOST_WORDS else None


def _told(label: str, text: str) -> list[Labelled]:
    """Give what a label and its text say; behind a document's number its day may stand."""
    field = _field_of(label, text)
    dated = _dated(text) if field == NUMBER else None
    if dated is None or not dated["before"]:
        return [Labelled(label, field, text)]
    return [Labelled(label, field, dated["before"]), _day(dated)]


def _field_of(label: str, text: str) -> str | None:
    """Give the field that a label is of; before the number of a credit note may stand what it is called."""
    words = label.split()
    if len(words) > 1 and words[-1].casefold() in _NUMBER_SIGNS and spoken(label) not in _fields():
        label = " ".join(words[:-1])
    of_note = _CREDIT_NOTE.match(label) and _is_number(text)
    return _fields().get(spoken(label)) or (NUMBER if of_note else None)


def _dated(text: str) -> re.Match[str] | None:
    """Find the day at the end of a text behind a word such as ``z dnia``."""
    found = _DATED.fullmatch(text)
    return found if found is not None and read_moment(found["day"]).days else None


def _day(dated: re.Match[str]) -> Labelled:
    return Labelled(_DAYS[dated["word"].casefold()], DAY, dated["day"])


def _without_colon(cell: str) -> list[Labelled]:
    """Give what a cell says that names a document with no colon, or the day of one."""
    if TOTAL.match(cell):
        return []
    dated = _dated(cell)
    of_day = [] if dated is None else [_day(dated)]
    words = (cell if dated is None else dated["before"]).split()
    if dated is not None and not words:
        return of_day
    begins = next((at for at, word in enumerate(words) if _FIGURE.search(word)), 0)  # the number, or its second word
    label, number = words[:begins], words[begins:]
    whole = spoken(" ".join(label)) in _fields()
    if not whole and label and len(label[-1]) <= _SHORT and label[-1].isupper():
        label, number = label[:-1], [label[-1], *number]
    if not whole and len(label) > 1 and label[-1].casefold() in _NUMBER_SIGNS:
        label = label[:-1]
    called = " ".join(label)
    known = calls_documents(called) or _CREDIT_NOTE.match(called)
    if not (known or dated) or not _is_number(" ".join(number)):
        return []
    return [Labelled(called, NUMBER, " ".join(number)), *of_day]


def _begun_without(cell: str) -> list[Labelled]:
    """Give what a cell says whose first label has no colon: ``Faktura FV/1 z dnia 05.01.2026, kontrahent: Północ``."""
    colon = _COLON.search(cell)
    label = None if colon is None else _label_before(cell[: colon.start()], 0, first=False)
    gaps = [(one.start(), one.end()) for one in _GAP.finditer(cell)] if label is None else [(label, label)]
    for ends, begins in gaps:
        begun, rest = _without_colon(cell[:ends].rstrip(" ,;|")), cell[begins:]
        if begun:
            said = _parted(rest)
            behind = [one for told in said for one in _told(*told)] if said else _customer(rest)
            return [*begun, *behind] if behind and all(one.text for one in behind) else []
    return []


def _customer(text: str) -> list[Labelled]:
    """Give what stands behind a word for customers that is no part of what they are called: ``Klient Północ``."""
    word, _, name = " ".join(text.split()).partition(" ")
    is_customer = ":" not in text and spoken(word) in _CUSTOMERS_WORDS and name and not TOTAL.match(text)
    return [Labelled(word, "distributor", name)] if is_customer else []


def _is_number(text: str) -> bool:
    """Say whether a document may have this number."""
    return 0 < len(text.split()) <= _MOST_WORDS - 2 and bool(_FIGURE.search(text))


def names_document(one: Labelled) -> bool:
    """Say whether this is the number of a document."""
    return one.field == NUMBER and bool(_FIGURE.search(one.text))


def says_day(one: Labelled) -> bool:
    """Say whether this is the day of documents."""
    return one.field == DAY and bool(read_moment(one.text).days)


def names_customer(one: Labelled) -> bool:
    """Say whether this is whose documents are."""
    return one.field in CUSTOMERS and bool(one.text)


def says_whose(cells: Sequence[str]) -> bool:
    """Say whether what a row says in its cells, of which none is empty, is whose the lines below it are."""
    return len(cells) <= _WHOSE and any(map(names_customer, labelled(cells)))


def day_behind(text: str) -> Labelled | None:
    """Give the day that stands behind a number, as in ``Реализация 12 от 05.01.2026``."""
    dated = _dated(text) if len(text) <= _LONGEST else None
    return None if dated is None or not _FIGURE.search(dated["before"]) else _day(dated)


def is_page(text: str) -> bool:
    """Say whether a text begins as the number of a page does."""
    return PAGE_WORD.match(text) is not None


def perhaps_names_document(one: Labelled) -> bool:
    """Say whether this may be the number of a document, though we do not know what stands before it."""
    if (
        one.field is not None
        or len(one.text) > _LONGEST
        or is_page(one.label or one.text)
        or TOTAL.match(one.label or one.text)
    ):
        return False
    return bool(_NUMBERED.search(one.text)) and not read_moment(one.text).days


@cache
def beginnings() -> str:
    """Give a pattern of how a cell looks with which such a row begins."""
    words = "|".join(sorted({re.escape(name.split(" ")[0]) for name in _fields()}, key=len, reverse=True))
    days = "|".join(sorted(map(re.escape, _DAYS), key=len, reverse=True))
    return rf"(?i)^\s*(?:[^\d:]{{1,60}}:|(?:{words})(?:\PL|$)|[^\d]{{2,60}}\s\S*\d.*\s(?:{days})\s+\d)"
