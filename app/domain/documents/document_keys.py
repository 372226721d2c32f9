"""The key of a document: what two documents must share to be one (rules.md 9)."""

from app.domain.documents.seller_keys import TAX


def document_key(kind: int, seller_key: str, number_key: str) -> str:
    """Give the key of one document: its kind, whose it is (as `seller_keys` writes it), its normalised number."""
    return f"{kind}|{seller_key}|{number_key}"


def seller_in(key: str, kind: int, number_key: str) -> str:
    """Take the seller's key out of a document's key."""
    return key.removeprefix(f"{kind}|").removesuffix(f"|{number_key}")


def named_seller(key: str, kind: int, number_key: str) -> str | None:
    """Give the seller that a document names by its tax id, as its key has it; None where its distributor issued it."""
    seller = seller_in(key, kind, number_key)
    return seller if seller.startswith(TAX) else None
