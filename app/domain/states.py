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
    PROMOTION = 11  # issued -> available: what a promotion gives; back, when a return takes its step away
    EVENT = 12  # issued -> available: something happened that a rule rewards
    TRANSFER = 13  # available of one wallet -> available of another
    INSTANT = 14  # issued -> available: what a reward costs that a sale brings at once; back, when it is taken back
    REFUND = 15  # redeemed -> available: what was delivered came back


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
    HAD = 8
    """Not a cap: what was given for the same before and is kept."""


class Outcome(enum.StrEnum):
    """What became of a row of a file."""

    ACCEPTED = "accepted"
    HELD = "held"
    REFUSED = "refused"


class ImportedThing(enum.StrEnum):
    """What an import of products or of distributors creates and changes."""

    PRODUCT_GROUP = "product_group"
    PRODUCT = "product"
    DISTRIBUTOR = "distributor"


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


class PromotionState(enum.StrEnum):
    """How far a promotion has come."""

    DRAFT = "draft"  # nobody but those who write it sees it
    PUBLISHED = "published"  # sales count, and what is reached is paid and taken back
    CLOSED = "closed"  # what was paid stays


class DraftState(enum.StrEnum):
    """How far a file has come that is not imported yet."""

    LOOKING = "looking"
    ASKING = "asking"  # somebody must say what is in it, or how it is read
    READY = "ready"  # a profile reads it
    REFUSED = "refused"  # it cannot be used


class Event(enum.StrEnum):
    """Something that a distributor does, or that comes to it, and is no sale."""

    REGISTRATION = "registration"
    BIRTHDAY = "birthday"
    ANNIVERSARY = "anniversary"
    TIER_REACHED = "tier_reached"
    SURVEY = "survey"
    TRAINING = "training"
    REVIEW = "review"
    REFERRAL = "referral"
    CUSTOM = "custom"


class RuleDraftSubject(enum.StrEnum):
    """Which part of a programme's rules a draft changes."""

    RULE = "rule"
    MATRIX = "matrix"
    STACKS = "stacks"  # their policies, and the named days


class RuleDraftState(enum.StrEnum):
    """How far a draft of rules has come."""

    DRAFT = "draft"
    WAITING = "waiting"  # for a second person
    PUBLISHED = "published"
    DROPPED = "dropped"


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
    READ = "read"  # from the text of a PDF or a photo


class ReviewState(enum.StrEnum):
    """Where a document stands in the queue of those who decide."""

    WAITING = "waiting"
    ASKED = "asked"  # its distributor was asked for more
    HELD = "held"  # somebody set it aside
    SECOND = "second"  # one person accepted it; it takes another one
    CLOSED = "closed"


class DocumentWord(enum.StrEnum):
    """What was said about a document: the first three its distributor reads as well, and whose sale it was."""

    ASKED = "asked"
    ANSWERED = "answered"
    APPEALED = "appealed"
    NOTE = "note"
    HELD = "held"
    HANDED = "handed"
    REOPENED = "reopened"
    CLAIMED = "claimed"
    UNCLAIMED = "unclaimed"


class JobState(enum.StrEnum):
    """How far a job has come."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class RunStatus(enum.StrEnum):
    """How far a run has come."""

    PREPARING = "preparing"  # what it takes is being frozen, piece by piece
    PREVIEW = "preview"
    EMPTY = "empty"  # there was nothing to load; it only says why
    APPROVED = "approved"
    ORDERED = "ordered"  # the order file is written
    SENDING = "sending"  # the provider is being asked, or the answer was lost
    SENT = "sent"  # answered, something is still open
    SETTLED = "settled"
    CANCELLED = "cancelled"


class RunKind(enum.StrEnum):
    """What a run carries to the provider."""

    PERIOD = "period"  # all points of a period, selected and frozen together
    REDEMPTIONS = "redemptions"  # what distributors asked for one by one, and was approved one by one
    COMPENSATIONS = "compensations"  # the tax on loads and goods of a period, paid back together


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


class TaxChangeKind(enum.StrEnum):
    """What a change of a programme's tax rules does."""

    RULE = "rule"  # a new rule, or a new version of one
    ENDS = "ends"  # a rule has a last day
    PACK = "pack"  # another country's pack holds, or none
    CONFIRMED = "confirmed"  # an adviser agreed with a version


class RewardKind(enum.StrEnum):
    """What a reward is."""

    GOODS = "goods"
    VOUCHER = "voucher"
    DISCOUNT = "discount"
    DONATION = "donation"
    TOP_UP = "top_up"
    DRAW = "draw"


class TierReason(enum.StrEnum):
    """Why a distributor came to be in a tier."""

    REACHED = "reached"
    FELL = "fell"  # it was not earned again within its span
    GIVEN = "given"  # by a person, with a reason
    ENDED = "ended"  # what a person gave is over
    FILE = "file"  # a file says so
    GONE = "gone"  # the tier that it was in is none of the programme's any more
    BEFORE = "before"  # what it was in before its first change


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


class OrderState(enum.StrEnum):
    """How far an order of rewards, or a line of it, has come."""

    WAITING = "waiting"  # its value asks for somebody's approval
    APPROVED = "approved"
    ORDERED = "ordered"  # the supplier's file is written
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


class OrderWord(enum.StrEnum):
    """What happened to an order."""

    PLACED = "placed"
    APPROVED = "approved"
    ORDERED = "ordered"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    RETURNED = "returned"  # it had been delivered, and came back
    PAID = "paid"  # the money of its price came in
    REPAID = "repaid"  # money was given back, for what was cancelled
    NOTE = "note"


class SupplierFileState(enum.StrEnum):
    """How far a file for a supplier has come."""

    WRITTEN = "written"
    SENT = "sent"
    CLOSED = "closed"  # all of it was shipped or cancelled


class InstantState(enum.StrEnum):
    """What became of a reward that a sale brought at once."""

    GIVEN = "given"
    TAKEN_BACK = "taken_back"  # the sale earns no more what it takes, and it was not handed over yet
    KEPT = "kept"  # likewise, but it was handed over, or on its way, before
    CALLED_OFF = "called_off"  # somebody cancelled its order


class CreditState(enum.StrEnum):
    """What became of a purchase credit."""

    OPEN = "open"  # its code can be taken
    USED = "used"
    ENDED = "ended"  # withdrawn, given back or over: its points are back


class CardState(enum.StrEnum):
    """How far a card's life has come."""

    ORDERED = "ordered"  # the provider is asked for it, or will be
    ISSUED = "issued"  # it exists, and is not used yet
    ACTIVE = "active"
    BLOCKED = "blocked"  # neither loaded nor spent from, until somebody lifts it
    REPLACED = "replaced"  # another one stands in its place
    CLOSED = "closed"  # for good


class CardWord(enum.StrEnum):
    """What happened to a card."""

    REGISTERED = "registered"
    ORDERED = "ordered"
    ISSUED = "issued"
    ACTIVATED = "activated"
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"
    REPLACED = "replaced"
    CLOSED = "closed"
    IDENTIFIED = "identified"
    NOTE = "note"


class Identity(enum.StrEnum):
    """What is known of who holds a card, as its issuer must (know your customer)."""

    UNKNOWN = "unknown"
    PENDING = "pending"  # the issuer asks for more
    VERIFIED = "verified"
    REFUSED = "refused"


class AskedState(enum.StrEnum):
    """What became of a load that a provider was asked for by its interface."""

    ASKED = "asked"  # its answer is not known
    LOADED = "loaded"
    REFUSED = "refused"


class BookingKind(enum.StrEnum):
    """What a line of a provider's statement books."""

    LOAD = "load"
    REVERSAL = "reversal"  # a load was taken back
    FAILED = "failed"  # it was tried, and nothing was loaded
    OTHER = "other"  # a fee, a purchase: nothing of ours


class FindingKind(enum.StrEnum):
    """How a provider's statement and our books differ."""

    MISSING_HERE = "missing_here"  # nothing of ours has its reference
    MISSING_THERE = "missing_there"  # loaded here, and no statement has it
    OPEN_HERE = "open_here"  # loaded there; here nobody knows yet
    NEVER_LOADED = "never_loaded"  # here nobody knows yet; there it was not loaded
    RETURNED_HERE = "returned_here"  # loaded there; here it failed, and its points went back
    FAILED_THERE = "failed_there"  # loaded here; there it failed
    NOT_ORDERED = "not_ordered"  # loaded there; here it was not ordered yet
    AMOUNT_DIFFERS = "amount_differs"
    TWICE = "twice"
    REVERSED = "reversed"  # loaded here; there it was taken back
    WRONG_CARD = "wrong_card"
    WRONG_CURRENCY = "wrong_currency"
    WRONG_DATE = "wrong_date"
    OTHER_PROGRAM = "other_program"
    NO_REFERENCE = "no_reference"


class FindingAnswer(enum.StrEnum):
    """What was done about a difference."""

    SETTLED = "settled"  # the load counts here as well
    RETURNED = "returned"  # its points went back
    ADJUSTED = "adjusted"  # points are asked for, to be given or taken
    NOTED = "noted"  # nothing but a reason
    SOLVED = "solved"  # by itself: a later statement, or an answer, says the rest


class Correction(enum.StrEnum):
    """What an approved adjustment says of a load, against what its provider answered."""

    NOT_THERE = "not_there"  # answered as loaded; the money is not on the card
    THERE = "there"  # answered as failed, or called off; the money is on the card all the same
    OTHER_AMOUNT = "other_amount"


class ExportSubject(enum.StrEnum):
    """Which of its histories finance takes away."""

    TOP_UPS = "top_ups"
    REDEMPTIONS = "redemptions"
    COMPENSATIONS = "compensations"
    LEDGER = "ledger"
    INVOICE = "invoice"  # what was loaded, by who pays for it, with fees


class ExportForm(enum.StrEnum):
    """What kind of file an export is."""

    XLSX = "xlsx"
    CSV = "csv"
    PDF = "pdf"


class ExportState(enum.StrEnum):
    """How far an export has come."""

    ASKED = "asked"
    MADE = "made"
    FAILED = "failed"


class ExportSpan(enum.StrEnum):
    """Which days an export that is made again and again is of; none of them reaches beyond yesterday."""

    DAY = "day"  # yesterday
    WEEK = "week"  # the last whole one, from Monday
    MONTH = "month"
    QUARTER = "quarter"
    MONTH_SO_FAR = "month_so_far"
    YEAR_SO_FAR = "year_so_far"


class ExportRhythm(enum.StrEnum):
    """How often an export is made by itself."""

    NEVER = "never"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class ExportWay(enum.StrEnum):
    """Where an export goes besides the page that has it."""

    NONE = "none"
    FOLDER = "folder"
    MAIL = "mail"


class SumOf(enum.IntEnum):
    """What a sum of a scenario is about; ``key`` names which one of them."""

    RULE = 1  # position among the rules of the scenario
    PRODUCT = 2
    DISTRIBUTOR = 3
    MONTH = 4  # counted from January 1970
    PAIR = 5  # two rules that pay the same lines, by their positions
    SPAN = 6  # a distributor, and the number of a span of days that tiers count
    PROMOTION = 7  # position among the promotions of the scenario; lines: who gets something, and who does not
    PROMOTED = 8  # a distributor, and the position of a promotion
    TIER = 9  # place among the tiers of the scenario, 0: none; how many would be in it, and are


class RulesOf(enum.StrEnum):
    """Where the rules of a scenario come from."""

    FILE = "file"
    DRAFTS = "drafts"
    PUBLISHED = "published"


class DisputeState(enum.StrEnum):
    """What became of a dispute."""

    OPEN = "open"
    GRANTED = "granted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
