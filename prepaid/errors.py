"""What stops a use case of this room. What each says is for the person who must solve it, in their language."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.domain.saying.wording import Said, Told, either, marked
from app.domain.states import RunStatus
from importers.errors import ImportRefused

SHOWN = 10
_ = marked


class PrepaidError(Told):
    """Something cannot be done; nothing was changed."""


class NoSuchRun(LookupError):
    """No run has this number, of conversions or of compensations."""

    def __init__(self, run_id: int) -> None:
        """Say which number."""
        self.said = Said(_("No run has the number %(run)s; see `kontor convert list`."), {"run": str(run_id)})
        super().__init__(str(self.said))


class NotAllowedNow(PrepaidError):
    """The run is not where this can be done."""

    def __init__(self, run_id: int, what: str, status: RunStatus, expected: Sequence[RunStatus]) -> None:
        """Say what was wanted, where the run is, and where it would have to be."""
        wanted = either(*(one.value for one in expected))
        words = _("Run %(run)s is %(status)s; only a run that is %(wanted)s can be %(what)s.")
        super().__init__(words, run=str(run_id), status=status.value, wanted=wanted, what=what)
        self.run_id, self.status = run_id, status


class PreparedAlready(PrepaidError):
    """Another large run of the programme is being prepared."""

    def __init__(self, run_id: int) -> None:
        """Say which."""
        words = _("Run %(number)s is being prepared. Wait until it is, or cancel it; then prepare this one.")
        super().__init__(words, number=str(run_id))
        self.run_id = run_id


class SettingsChanged(PrepaidError):
    """A run that is being prepared would be judged half by the old settings, half by new ones."""

    def __init__(self, run_id: int) -> None:
        """Say which run."""
        words = _(
            "The programme's settings changed while run %(run)s was being prepared. Put them back and go on with "
            "`kontor convert prepare %(run)s`, or cancel it and prepare it anew."
        )
        super().__init__(words, run=str(run_id))
        self.run_id = run_id


class SamePerson(PrepaidError):
    """Whoever previewed a run cannot approve it."""

    def __init__(self, run_id: int, actor: str) -> None:
        """Name the run and the person."""
        words = _(
            "Run %(run)s was previewed by %(who)s; a second person must approve it (--by USER names who approves)."
        )
        super().__init__(words, run=str(run_id), who=actor)


class TermsInvalid(PrepaidError):
    """The programme's prepaid or tax settings cannot be used."""


class CardNumberFound(PrepaidError):
    """A text holds what may be the number of a payment card; it is refused, and not shown again."""

    def __init__(self, where: str) -> None:
        """Say where it stands, not what it is."""
        words = _(
            "%(where)s holds a number of 13 to 19 digits that may be the number of a payment card. Kontor keeps the "
            "provider's token and the last four digits, never a number; remove it."
        )
        super().__init__(words, where=where)


class AgreedColumnsMissing(ImportRefused):
    """A provider's answers lack columns that were agreed with it, in a template or as this house has them."""

    def __init__(self, missing: Sequence[str], found: Sequence[str]) -> None:
        """Say which columns are missing, and which the file has."""
        lacks = _(
            "The header lacks %(wanted)s, as agreed with the card operator. It has: %(has)s. Bring in the operator's "
            "answers as they came."
        )
        has = [repr(name) for name in found] or Said(_("none"))
        super().__init__(lacks, wanted=[repr(name) for name in missing], has=has)


class CardsMissing(PrepaidError):
    """Distributors of a run have no card that can be loaded."""

    def __init__(self, run_id: int, codes: Sequence[str]) -> None:
        """Name them."""
        words = _(
            "Run %(run)s: no card for %(codes)s that can be loaded. Register their cards with `kontor cards register`, "
            "lift the block of a card, or cancel the run."
        )
        super().__init__(words, run=str(run_id), codes=_named(codes))
        self.codes = tuple(codes)


class BlockedMeanwhile(PrepaidError):
    """Distributors of a run were blocked after the preview."""

    def __init__(self, run_id: int, codes: Sequence[str]) -> None:
        """Name them."""
        words = _(
            "Run %(run)s: %(codes)s blocked since the preview. Cancel the run and preview it again, or lift the block."
        )
        super().__init__(words, run=str(run_id), codes=_named(codes))
        self.codes = tuple(codes)


class TotalsDiffer(PrepaidError):
    """What is about to be ordered is not what was previewed; nothing is ordered."""

    def __init__(self, run_id: int, what: str, previewed: object, found: object) -> None:
        """Give both figures; ``what`` is marked for the translators."""
        words = _("Run %(run)s: %(what)s was %(previewed)s in the preview, and is %(found)s now. Nothing is ordered.")
        super().__init__(words, run=str(run_id), what=Said(what), previewed=str(previewed), found=str(found))


class OrderFileChanged(PrepaidError):
    """The order file is not the one that was written."""

    def __init__(self, run_id: int, file: str) -> None:
        """Name the file."""
        words = _(
            "Run %(run)s: the order file %(file)s is missing or is not what was written; it is not sent. Restore it "
            "from a backup, or cancel the run with --order-file-not-sent."
        )
        super().__init__(words, run=str(run_id), file=file)


class NotFunded(PrepaidError):
    """A provider cannot pay for a run now."""

    def __init__(self, run_id: int, why: Said) -> None:
        """Say why."""
        super().__init__(_("Run %(run)s is not sent: %(why)s"), run=str(run_id), why=why)


class FileRefusedByOperator(PrepaidError):
    """The operator refused an order file as a whole, and it was not written anew."""

    def __init__(self, run_id: int, file: str, why: str) -> None:
        """Name the file, and give the operator's words."""
        words = _("Run %(run)s: the operator refused %(file)s%(said)s. Write it anew, then send that.")
        super().__init__(words, run=str(run_id), file=file, said=f" ({why})" if why else "")


class BatchFileUnfit(PrepaidError):
    """What an operator's file must hold does not fit its template."""

    def __init__(self, file: str, line: int, what: str, why: Said) -> None:
        """Say where, and what is in the way."""
        words = _("%(file)s, line %(line)s: %(what)s %(why)s. Change it, or the template of the operator's files.")
        super().__init__(words, file=file, line=str(line), what=what, why=why)


def _named(codes: Sequence[str]) -> Any:
    shown, more = ", ".join(codes[:SHOWN]), len(codes) - SHOWN
    return Said(_("%(codes)s and %(count)s more"), {"codes": shown, "count": more}) if more > 0 else shown


def kept(stopped_by: Said) -> dict[str, Any]:
    """Write down in a job's progress what stopped it; `stopped` reads it."""
    return {"stopped_by": str(stopped_by), "stopped_said": stopped_by.kept()}


def stopped(progress: Mapping[str, Any] | None) -> Said | None:
    """Tell what stopped a job; None: nothing that a person can put right. It was kept in English alone before."""
    told = progress or {}
    if said := told.get("stopped_said"):
        return Said.again(said)
    return Said(told["stopped_by"]) if told.get("stopped_by") else None
