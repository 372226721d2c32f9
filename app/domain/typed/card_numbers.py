"""Numbers of payment cards: recognised so that none is ever kept.

Where words are expected, 13 to 19 digits that check are enough (`holds_card_number`). Among figures and codes (a GLN,
a token, an operator's reference) one in ten of all long numbers would be a card then, so there a number must also begin
as cards do (`holds_issued_number`).
"""

import re
from collections.abc import Callable, Iterable, Iterator

_LEAST, _MOST = 13, 19
_SHOWN = 4
_RUN = re.compile(rf"\d(?:[ \-\u00a0]?\d){{{_LEAST - 1},}}")
_ISSUED = re.compile(
    r"(?:3[47]\d{13}"  # American Express
    r"|4\d{15}(?:\d{3})?"  # Visa
    r"|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"  # Mastercard
    r"|220[0-4]\d{12,15}"  # Mir
    r"|35(?:2[89]|[3-8]\d)\d{12,15}"  # JCB
    r"|(?:50|5[6-8]|6[0-9])\d{14,17})\Z"  # Maestro, Discover, UnionPay
)
_LAST_DIGIT_LOST = re.compile(r"(?<!\d)(\d)[.,](\d{9,14})E\+?0*15(?!\d)", re.IGNORECASE)
"""What a spreadsheet program leaves of a number of sixteen digits: it keeps fifteen, and zeros at their end go."""
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def passes_luhn(digits: str) -> bool:
    """Say whether the last digit checks the others, as on every payment card."""
    total = sum(_DOUBLED[int(one)] if at % 2 else int(one) for at, one in enumerate(reversed(digits)))
    return total % 10 == 0


def holds_card_number(text: str) -> bool:
    """Say whether a text holds what may be the number of a payment card: 13 to 19 digits that check.

    They may stand in groups as on a card: 4111 1111 1111 1111, 3782-822463-10005. Dates, tax numbers and references
    with separators of their own are none.
    """
    return len(text) >= _LEAST and any(True for _ in _candidates(text))


def holds_issued_number(text: str, *, is_code: bool = False) -> bool:
    """Say whether a cell or a code holds the number of a card: as long as its brand's are, and beginning like them.

    A file's cell that is a code (of an invoice, a product) is what it is: there only digits in groups as on a card are.
    Of a number whose last digit a spreadsheet lost the others are enough: they tell that one.
    """
    whole = any(_ISSUED.match(digits) and not (is_code and bare) for digits, bare in _candidates(text))
    return whole or (not is_code and any(_ISSUED.match(digits) for digits in _cut_short(text)))


def without_issued_numbers(text: str) -> str:
    """Give a text with dots for the digits of card numbers in it, but for the last four of each."""
    if not holds_issued_number(text):
        return text
    return _RUN.sub(lambda run: _dotted(run[0]) if holds_issued_number(run[0]) else run[0], text)


def _dotted(number: str) -> str:
    return re.sub(r"\d", "•", number[:-_SHOWN]) + number[-_SHOWN:]


def _cut_short(text: str) -> Iterator[str]:
    """Give numbers of sixteen digits without their last one, for which a zero stands."""
    return (f"{cut[1]}{cut[2]:0<15}" for cut in _LAST_DIGIT_LOST.finditer(text))


def _candidates(text: str) -> Iterator[tuple[str, bool]]:
    """Give the digits of what may be numbers of cards, and whether they stand without gaps."""
    for run in _RUN.finditer(text):
        groups = re.split(r"\D", run.group())
        for first in range(len(groups)):
            digits = ""
            for last in range(first, len(groups)):
                digits += groups[last]
                if len(digits) > _MOST:
                    break
                if len(digits) >= _LEAST and _as_on_a_card(groups[first : last + 1]) and passes_luhn(digits):
                    yield digits, first == last


def _as_on_a_card(groups: list[str]) -> bool:
    return len(groups) == 1 or (
        len(groups) >= 3 and len(groups[0]) == 4 and all(4 <= len(one) <= 6 for one in groups[1:-1])
    )


def first_card_number(texts: Iterable[str | None], holds_one: Callable[[str], bool] = holds_card_number) -> int | None:
    """Find the first text that holds the number of a payment card, as ``holds_one`` judges; give its position.

    Where no run of digits in any of them is long enough, one look at all of them says so.
    """
    all_texts = [text or "" for text in texts]
    together = "\n".join(all_texts)
    if _RUN.search(together) is None and _LAST_DIGIT_LOST.search(together) is None:
        return None
    return next((at for at, text in enumerate(all_texts) if holds_one(text)), None)
