"""Where points came from and where they went, in sentences: what stands behind a balance, a lot, a movement, a top-up.

Amounts, days and numbers come as they are written in the reader's language; ``say`` gives the words around them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.saying.wording import Say, marked, plain
from app.domain.states import TransactionKind

_ = marked


@dataclass(frozen=True)
class Cause:
    """What caused a movement, as it is written for people; what does not apply is empty."""

    kind: TransactionKind
    amount: str
    day: str
    number: str = ""
    name: str = ""
    why: str = ""


_BROUGHT: Mapping[TransactionKind, str] = {
    TransactionKind.AWARD: _("%(amount)s for document %(number)s of %(day)s"),
    TransactionKind.PROMOTION: _("%(amount)s from the promotion %(name)s on %(day)s"),
    TransactionKind.EVENT: _("%(amount)s for what happened on %(day)s: %(name)s"),
    TransactionKind.ADJUST: _("%(amount)s by hand on %(day)s: %(why)s"),
    TransactionKind.REINSTATE: _("%(amount)s that had expired came back on %(day)s: %(why)s"),
    TransactionKind.TRANSFER: _("%(amount)s came from another account on %(day)s: %(why)s"),
    TransactionKind.INSTANT: _("%(amount)s on %(day)s for a reward that a sale brought: %(why)s"),
}
_TOOK: Mapping[TransactionKind, str] = {
    TransactionKind.REVERSAL: _("%(amount)s taken back by the return %(number)s of %(day)s"),
    TransactionKind.VOID: _("%(amount)s withdrawn with document %(number)s on %(day)s"),
    TransactionKind.RESERVE: _("%(amount)s put aside on %(day)s for %(name)s"),
    TransactionKind.SETTLE: _("%(amount)s spent on %(day)s for %(name)s"),
    TransactionKind.EXPIRE: _("%(amount)s expired on %(day)s"),
    TransactionKind.ADJUST: _("%(amount)s taken by hand on %(day)s: %(why)s"),
    TransactionKind.TRANSFER: _("%(amount)s went to another account on %(day)s: %(why)s"),
    TransactionKind.PROMOTION: _("%(amount)s taken back by the promotion %(name)s on %(day)s"),
    TransactionKind.INSTANT: _("%(amount)s taken back on %(day)s with a reward that a sale had brought: %(why)s"),
}
_MOVED: Mapping[TransactionKind, str] = {
    TransactionKind.RELEASE: _("%(amount)s can be spent since %(day)s"),
    TransactionKind.CANCEL: _("%(amount)s came back on %(day)s from %(name)s"),
    TransactionKind.REFUND: _("%(amount)s came back on %(day)s from %(name)s"),
}
_WITHDRAWN = _("%(amount)s withdrawn on %(day)s: %(why)s")
"""What was given for no document."""
_ELSE = _("%(amount)s on %(day)s: %(why)s")


def brought(cause: Cause, say: Say = plain) -> str:
    """Say what brought points."""
    return _said(_BROUGHT.get(cause.kind) or _MOVED.get(cause.kind, _ELSE), cause, say)


def took(cause: Cause, say: Say = plain) -> str:
    """Say what took points; the amount is written without its sign."""
    if cause.kind is TransactionKind.VOID and not cause.number:
        return _said(_WITHDRAWN, cause, say)
    return _said(_TOOK.get(cause.kind) or _MOVED.get(cause.kind, _ELSE), cause, say)


def _said(sentence: str, cause: Cause, say: Say) -> str:
    words = {name: value or "–" for name, value in vars(cause).items() if name != "kind"}
    return say(sentence) % words
