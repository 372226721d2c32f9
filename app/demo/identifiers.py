"""Numbers with a check digit, as they are printed on invoices and packages."""

NIP_WEIGHTS = (6, 5, 7, 2, 3, 4, 5, 6, 7)


def nip(number: int) -> str | None:
    """Complete nine digits to a Polish tax number; None where the check digit would be 10, which is never issued."""
    digits = f"{number:09d}"
    check = sum(weight * int(digit) for weight, digit in zip(NIP_WEIGHTS, digits, strict=True)) % 11
    return None if check == 10 else f"{digits}{check}"


def ean13(number: int) -> str:
    """Complete twelve digits to an EAN-13."""
    digits = f"{number:012d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def nips(count: int) -> list[str]:
    """Make tax numbers that no business has: valid, but their third digit is 0, and no tax office's code ends in 0."""
    found: list[str] = []
    serial = 0
    while len(found) < count:
        serial += 1
        office = (11 + serial * 29 % 88) * 10
        number = nip(office * 1_000_000 + serial * 611_953 % 1_000_000)
        if number is not None:
            found.append(number)
    return found
