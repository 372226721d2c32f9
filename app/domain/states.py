"""The named states of everything that has states. Numbers are stored, so a member keeps its number for ever."""

import enum


class Unit(enum.IntEnum):
    """What an account counts: the programme's points, or money in minor units of its currency (rules.md 2)."""

    POINTS = 1
    MONEY = 2


class DocumentKind(enum.IntEnum):
    """An invoice sells; a credit note takes back."""

    INVOICE = 1
    CREDIT_NOTE = 2


class DocumentStatus(enum.IntEnum):
    """What verification decided about a document."""

    ACCEPTED = 1
    REVIEW = 2
    REFUSED = 3
    SUPERSEDED = 4  # a corrected document took its place; kept for the history
    UNDONE = 5  # its import was undone; kept for the history


COUNTING = (DocumentStatus.ACCEPTED, DocumentStatus.REVIEW)
"""What counts: its points stand on accounts, available or pending, and nothing else may have its key."""


class Bucket(enum.IntEnum):
    """Where on an account an entry stands: the first three on a wallet, the others on the programme's account."""

    PENDING = 1
    AVAILABLE = 2
    RESERVED = 3
    ISSUED = 11
    REDEEMED = 12
    EXPIRED = 13
    ADJUSTED = 14


class TransactionKind(enum.IntEnum):
    """Why points moved."""

    AWARD = 1  # issued -> pending or available
    REVERSAL = 2  # a return: pending or available -> issued
    VOID = 3  # a refused or corrected document: what its award gave goes back to issued
    RELEASE = 4  # pending -> available
    RESERVE = 5  # available -> reserved: a redemption waits for its load
    SETTLE = 6  # reserved -> redeemed: the load is confirmed
    CANCEL = 7  # reserved -> available: the load failed or was called off
    EXPIRE = 8  # available -> expired
    REINSTATE = 9  # expired -> available
    ADJUST = 10  # adjusted <-> available, by a person with a reason


class LotState(enum.IntEnum):
    """Whether the points of a lot can be spent."""

    PENDING = 1
    OPEN = 2
    CLOSED = 3  # nothing remains


class Cut(enum.IntEnum):
    """What cut an award (rules.md 4)."""

    NOTHING = 0
    PER_DOCUMENT = 1
    DAY = 2
    MONTH = 3
    QUARTER = 4
    YEAR = 5
    PROGRAM = 6
    BUDGET = 7


class Outcome(enum.StrEnum):
    """What became of a row of a file."""

    ACCEPTED = "accepted"
    HELD = "held"
    REFUSED = "refused"
    DUPLICATE = "duplicate"


class BatchStatus(enum.StrEnum):
    """How far an import has come."""

    QUEUED = "queued"
    READING = "reading"
    LOADING = "loading"
    FINISHING = "finishing"
    DONE = "done"
    FAILED = "failed"
    UNDOING = "undoing"
    UNDONE = "undone"


class DraftState(enum.StrEnum):
    """How far a file has come that is not imported yet."""

    LOOKING = "looking"
    ASKING = "asking"  # somebody must say what is in it, or how it is read
    READY = "ready"  # a profile reads it
    REFUSED = "refused"  # it cannot be used


class NamedThing(enum.StrEnum):
    """What a name in a file stands for."""

    PRODUCT = "product"
    DISTRIBUTOR = "distributor"


class UnknownState(enum.StrEnum):
    """What somebody decided about a name that nobody knew."""

    OPEN = "open"
    MATCHED = "matched"
    IGNORED = "ignored"


class ClaimState(enum.StrEnum):
    """How far an invoice has come that a distributor registers."""

    DRAFT = "draft"
    SENT = "sent"  # the gate has it: its document says the rest


class ClaimWay(enum.StrEnum):
    """How a distributor registered an invoice."""

    TYPED = "typed"
    E_INVOICE = "e_invoice"
    PICKED = "picked"  # from sales that the sponsor's own report holds
    READ = "read"  # from the text of a PDF or a photo


class ReviewState(enum.StrEnum):
    """Where a document stands in the queue of those who decide."""

    WAITING = "waiting"
    ASKED = "asked"  # its distributor was asked for more
    HELD = "held"  # somebody set it aside
    SECOND = "second"  # one person accepted it; it takes another one
    CLOSED = "closed"


class DocumentWord(enum.StrEnum):
    """What was said about a document: the first three its distributor reads as well."""

    ASKED = "asked"
    ANSWERED = "answered"
    APPEALED = "appealed"
    NOTE = "note"
    HELD = "held"
    HANDED = "handed"
    REOPENED = "reopened"


class JobState(enum.StrEnum):
    """How far a job has come."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class RunStatus(enum.StrEnum):
    """How far a conversion run has come."""

    PREVIEW = "preview"
    EMPTY = "empty"  # there was nothing to convert; it only says why
    APPROVED = "approved"
    ORDERED = "ordered"  # the order file is written
    SENDING = "sending"  # the provider is being asked, or the answer was lost
    SENT = "sent"  # answered, something is still open
    SETTLED = "settled"
    CANCELLED = "cancelled"


class TopUpKind(enum.StrEnum):
    """A reward from points, or the compensation of the tax on it."""

    REWARD = "reward"
    COMPENSATION = "compensation"


class TopUpStatus(enum.StrEnum):
    """Where a top-up stands between the ledger and the card."""

    RESERVED = "reserved"
    ORDERED = "ordered"
    SENDING = "sending"
    LOADED = "loaded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


class TaxStatus(enum.StrEnum):
    """What a participant is to the tax office (rules.md 10)."""

    PRIVATE_PERSON = "private_person"
    SOLE_TRADER = "sole_trader"
    COMPANY = "company"
    DISTRIBUTOR_EMPLOYEE = "distributor_employee"
    OWN_EMPLOYEE = "own_employee"
    BUSINESS_FRIEND = "business_friend"


class RewardKind(enum.StrEnum):
    """What a reward is."""

    GOODS = "goods"
    VOUCHER = "voucher"
    DISCOUNT = "discount"
    DONATION = "donation"
    TOP_UP = "top_up"
    DRAW = "draw"


class MessageState(enum.StrEnum):
    """How far a mail or an SMS has come."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    HELD = "held"  # nothing is set up that could send it


class ApplicationState(enum.StrEnum):
    """How far an application to a programme has come."""

    CONSENT = "consent"  # waits for the employer
    NEW = "new"  # waits for somebody of the programme
    ACCEPTED = "accepted"
    REFUSED = "refused"
