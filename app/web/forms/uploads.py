"""Files that people send: which pages take large ones, and how much of them."""

from flask import request

from app.config import Settings
from app.services.rewarding.reward_pictures import LARGEST_BYTES
from app.web.context import settings

TAKE_FILES = frozenset({"import_drafts.take"})
"""Routes that take files as large as an import may be."""
TAKE_PROOFS = frozenset({"portal_claims.new", "portal_claims.edit", "documents.answered", "documents.appeal"})
"""Routes that take the proofs of an invoice."""
TAKE_ONE_PROOF = frozenset({"tax_statuses.put"})
"""Routes that take one file, which shows something."""
TAKE_PICTURES = frozenset({"reward_editor.picture"})
"""Routes that take the picture of a reward."""
MOST_FILES = 100
"""Files that are sent at once."""
_TOGETHER = 4
"""How many of the largest files may be sent at once."""


def most_bytes(chosen: Settings) -> int:
    """Say how much may be sent at once to a page that takes files."""
    return _TOGETHER * (chosen.max_upload_mb << 20)


def most_proof_bytes(chosen: Settings) -> int:
    """Say how much may be sent at once to a page that takes proofs."""
    return chosen.max_proofs * (chosen.max_proof_mb << 20)


def allow() -> None:
    """Let those pages take more than others do: before the body is looked at, for whoever may send it."""
    if request.endpoint in TAKE_FILES:
        request.max_content_length = most_bytes(settings())
    elif request.endpoint in TAKE_PROOFS:
        request.max_content_length = most_proof_bytes(settings())
    elif request.endpoint in TAKE_ONE_PROOF:
        request.max_content_length = (settings().max_proof_mb << 20) + (1 << 16)
    elif request.endpoint in TAKE_PICTURES:
        request.max_content_length = LARGEST_BYTES + (1 << 16)
