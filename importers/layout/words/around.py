"""Words that a report uses around its lines, in the languages of those who send them."""

import re

MONTHS = {
    1: "january jan enero ene январь января янв styczeń stycznia sty styczen stycz januar jänner jän janvier janv"
    " gennaio leden ledna",
    2: "february feb febrero февраль февраля фев февр luty lutego lut februar février févr fév fevrier"
    " febbraio únor února",
    3: "march mar marzo март марта мар marzec marca märz mrz mär maerz mars březen března",
    4: "april apr abril abr апрель апреля апр kwiecień kwietnia kwi kwiecien kwiec avril avr aprile duben dubna",
    5: "may mayo май мая maj maja mai maggio květen května",
    6: "june jun junio июнь июня июн czerwiec czerwca cze czerw juni juin giugno červen června",
    7: "july jul julio июль июля июл lipiec lipca lip juli juillet juil luglio červenec července",
    8: "august aug agosto ago август августа авг sierpień sierpnia sie sierpien sierp août aoû aout srpen srpna",
    9: "september sep sept septiembre setiembre сентябрь сентября сен сент wrzesień września wrz"
    " wrzesien wrzesnia septembre settembre září",
    10: "october oct octubre октябрь октября окт październik października paź pazdziernik"
    " pazdziernika paz paźdz oktober okt octobre ottobre říjen října",
    11: "november nov noviembre ноябрь ноября ноя нояб listopad listopada lis listop novembre listopadu",
    12: "december dec diciembre dic декабрь декабря дек grudzień grudnia gru grudzien grudz"
    " dezember dez décembre déc decembre prosinec prosince",
}
"""The months' names and their short forms: English, Spanish, Russian, Polish, German, French, Italian, Czech."""

MONTH_OF = {name: month for month, names in MONTHS.items() for name in names.split()}

_NUMERALS = "i ii iii iv v vi vii viii ix x xi xii"
ROMAN = dict(zip(_NUMERALS.split(), range(1, 13), strict=True))
"""Months as Polish and Russian offices number them; a month so numbered needs a year or a day beside it."""

_MONTH = r"miesi[ąę]c\w*|mies|months?|meses|mes|monate?n?|месяц\w*|мес|mois"
_YEAR = "rok|lata|year|años?|jahre?|год|годы|années?|cal|calendar|kalenderjahr|okres|period"
SAYS_MONTHS = re.compile(
    rf"(?i)\W*(?:(?:{_YEAR})\W+)*(?:{_MONTH})(?:\W+(?:{_YEAR}))*\W*"
    rf"|.*\s(?:wg|według|w|by|per|por|nach|по|par)\s(?:{_MONTH})\W*"
)
"""What says of numbers in a header that they are months: ``Miesiąc:``, ``Cal. year / month``, ``Sales by month``."""

_DAYS = (
    "monday mon poniedziałek pon lunes lun понедельник пн montag mo lunedì lundi",
    "tuesday tue tues wtorek wt martes вторник вт dienstag di martedì mardi",
    "wednesday wed środa śr miércoles mié среда ср mittwoch mi mercoledì mercredi",
    "thursday thu thur thurs czwartek czw jueves jue четверг чт donnerstag do giovedì gio jeudi jeu",
    "friday fri piątek pt viernes vie пятница пт freitag fr venerdì ven vendredi",
    "saturday sat sobota sob sábado sáb суббота сб samstag sonnabend sa sabato sab samedi sam",
    "sunday sun niedziela ndz niedz nd domingo dom воскресенье вс sonntag so domenica dimanche dim",
)
WEEKDAY_OF = {word: day for day, words in enumerate(_DAYS) for word in words.split()}
"""The days of the week that some write before a date, and their short forms; 0 is Monday."""

TOTALS = (
    *(
        "suma",
        "razem",
        "ogółem",
        "łącznie",
        "podsumowanie",
        "sub-total",
        "subtotal",
        "subtotale",
        "grand total",
        "total",
        "totals",
    ),
    *("sum", "итого", "всего", "сумма", "summe", "gesamt", "gesamtsumme", "zwischensumme", "endsumme", "insgesamt"),
    *("gesamtergebnis", "ergebnis", "итог", "общий итог", "suma końcowa", "total ht", "resultado"),
    *("totales", "suma total", "total general", "somme", "total général", "sous-total", "totaux", "totale", "celkem"),
    *("součet", "mezisoučet", "celkový součet"),
    *("całość", "sumy", "łączna wartość", "do przeniesienia", "z przeniesienia", "total ventas", "wartość razem"),
    *("podsuma", "zwischentotal", "rechnungssumme", "belegsumme", "page total", "saldo", "σ"),
    *("w sumie", "wartość ogółem", "wynik częściowy", "zusammen"),
    *(
        "übertrag",
        "suma y sigue",
        "à reporter",
        "riporto",
        "a riportare",
        "итоги",
        "carried forward",
        "brought forward",
        "przeniesienie",
    ),
    *("result", "overall result", "wynik", "wynik ogólny", "wynik całkowity", "résultat", "résultat global"),
    *("resultado total", "resultado general", "результат", "общий результат"),
    *("suma częściowa", "wartość dokumentu", "wartość faktury", "suma parcial", "промежуточный итог"),
)
"""What a row that adds up the rows above it begins with; spreadsheet programs write some behind what they add up."""

_ANY = "|".join(sorted(map(re.escape, TOTALS), key=len, reverse=True))
_DOCUMENT = r"invoice|document|order|bill|faktura|dokument|rechnung|beleg|factura|documento|facture|накладная|документ"
"""What may stand before such a word where it adds a document up: ``Invoice total 101``. Customers are called so."""
TOTAL = re.compile(
    rf"\W*(?:(?:{_DOCUMENT})\s)?(?:{_ANY})(?:\W|$)|.*\s(?:total|suma|razem|summe|ergebnis|итого?|résultat|ogółem|łącznie|insgesamt|всего)\W*$"
    r"|\*{1,9}\s*$",
    re.IGNORECASE,
)
"""Lists of SAP have stars instead, as many as the level of what is added up."""
STARRED = re.compile(r"\*{1,9}(?:\s.*)?")
"""Such stars, perhaps before what is added up."""
TOTAL_WORDS = rf"(?i){_ANY}|^\s*\*{{1,9}}\s*$"
"""What stands somewhere in such a text, and in others."""
_OF_WHAT = "|".join(
    (
        *("faktur[aęy]?", r"dokument\w*", r"zamówieni\w*", r"raport\w*", "invoice", "order", "document", "report"),
        *("factura", "pedido", "documento", "informe", "facture", "commande"),
        *("rechnung", "beleg", "auftrag", "bericht"),
        *(
            r"klient\w*",
            r"kontrahent\w*",
            r"odbiorc\w*",
            r"stron\w*",
            "dnia",
            "dzień",
            "customer",
            "client",
            "page",
            "day",
        ),
        *(r"client\w+", "página", "día", r"kunde\w*", "seite", "tag", r"клиент\w*", r"покупател\w*", r"контрагент\w*"),
        *(r"страниц\w*", "день", r"сч[её]т\w*", r"накладн\w*", r"заказ\w*", r"отч[её]т\w*", r"документ\w*"),
    )
)
_TAXED = "netto|brutto|net|gross|neto|bruto|ht|ttc|без ндс|с ндс|в том числе ндс"
WHOLE_TOTAL = re.compile(
    rf"\W*(?:{_ANY})(?:\W+(?:(?:za|dla|per|by|for|of|por|del?|für|pro|по|за|для)\W+)?(?:{_OF_WHAT})(?:\W.*)?)?(?:\W+(?:{_TAXED}))?\W*"
    r"|\s*\*{1,9}\s*",
    re.IGNORECASE,
)
"""The same where a name of goods might stand, of which some begin, or end, with such a word: it says of what it is."""

DUE = re.compile(
    r"\W*(?:(?:kwota|pozostało|pozostaje|łącznie|razem|сумма|итого|importe|total|montant|betrag)\W+)?"
    r"(?:do zapłaty|należność|zu zahlen(?:der betrag)?|zahlbetrag|(?:total|amount|balance) due|a pagar|"
    r"(?:net )?à payer|da pagare|к оплате|k úhradě)(?:\W+(?:\w{3}|zł))?\W*",
    re.IGNORECASE,
)
"""What stands below the total of a bill before what is to be paid: with tax, and less what was paid before."""
IN_WORDS = re.compile(
    r"\W*(?:słownie|(?:amount |total )?in words|in worten|(?:importe )?en letras|son(?=\s*:)|(?:сумма )?прописью|slovy|"
    r"en toutes lettres|in lettere)(?:\W.*)?",
    re.IGNORECASE | re.DOTALL,
)
"""What stands before an amount that is written out."""
ADDED = re.compile(r"\W*(?:zzgl|zuzüglich|inkl|plus|más|oraz|плюс|incl)\W+", re.IGNORECASE)
"""What stands before a tax that a row below the total adds."""

NOTHING = re.compile(r"[-–—.·*/]{1,4}|x{1,3}|n/?a|n\.a\.|b/?d|н/?д", re.IGNORECASE)
"""What is written into a cell that has nothing to say: a dash, ``x`` as forms of offices have it, ``n/a``."""

_PAGE = "strona|str|page|página|pág|seite|страница|стр|лист|strana|feuille|blatt|ark|arkusz"
PAGE_WORD = re.compile(rf"(?:{_PAGE})(?!\w)", re.IGNORECASE)
"""What stands before the number of a page, or of a sheet."""
PAGE = re.compile(rf"(?:{_PAGE})\W*\d+(?:\s*(?:z|ze|of|de|von|из|sur|/)\s*\d+)?\W*", re.IGNORECASE)
"""What numbers the pages of a printed report: ``Strona 2 z 3``."""

DRAWN = ":?[-=_*.+~#–—]{2,}:?"
"""What draws a line across a page, as a printed report has it."""
