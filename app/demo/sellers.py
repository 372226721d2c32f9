"""Who sells at a distributor: three people each, and everybody at one distributor only."""

import datetime as dt

EACH = 3
# 13 and 14 have no common divisor: a first and a last name meet once in 182
FIRST = ("Marek", "Ewa", "Jan", "Beata", "Paweł", "Iza", "Tomasz", "Renata", "Piotr", "Robert", "Hanna", "Adam", "Lena")
LAST = (
    *("Dudek", "Czyż", "Gil", "Kos", "Czapla", "Kania", "Sroka"),
    *("Wilga", "Drozd", "Szpak", "Jemioła", "Sójka", "Słonka", "Gawron"),
)


def sellers(place: int) -> tuple[str, ...]:
    """Name the people who sell at a distributor, by its place among all; one of them is the sample sales rep."""
    return tuple(
        f"{FIRST[one % len(FIRST)]} {LAST[one % len(LAST)]}" for one in range(EACH * place, EACH * (place + 1))
    )


def seller_on(names: tuple[str, ...], day: dt.date) -> str:
    """Say who wrote the invoices of a day: they take turns."""
    return names[day.toordinal() % len(names)]
