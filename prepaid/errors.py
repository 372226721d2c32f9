"""What stops a use case of this room. The text of each is for the person who must solve it."""

from collections.abc import Sequence

from app.domain.states import RunStatus

SHOWN = 10


class PrepaidError(Exception):
    """Something cannot be done; nothing was changed."""


class NoSuchRun(LookupError):
    """No conversion run has this number."""

    def __init__(self, run_id: int) -> None:
        """Say which number."""
        super().__init__(f"No conversion run has the number {run_id}; see `kontor convert list`.")


class NotAllowedNow(PrepaidError):
    """The run is not where this can be done."""

    def __init__(self, run_id: int, what: str, status: RunStatus, expected: Sequence[RunStatus]) -> None:
        """Say what was wanted, where the run is, and where it would have to be."""
        wanted = " or ".join(one.value for one in expected)
        super().__init__(f"Run {run_id} is {status.value}; only a run that is {wanted} can be {what}.")
        self.run_id, self.status = run_id, status


class PreparedAlready(PrepaidError):
    """Another large run of the programme is being prepared."""

    def __init__(self, run_id: int) -> None:
        """Say which."""
        super().__init__(f"Run {run_id} is being prepared. Wait until it is, or cancel it; then prepare this one.")
        self.run_id = run_id


class SettingsChanged(PrepaidError):
    """A run that is being prepared would be judged half by the old settings, half by new ones."""

    def __init__(self, run_id: int) -> None:
        """Say which run."""
        super().__init__(
            f"The programme's settings changed while run {run_id} was being prepared. Put them back and go on with "
            f"`kontor convert prepare {run_id}`, or cancel it and prepare it anew."
        )
        self.run_id = run_id


class SamePerson(PrepaidError):
    """Whoever previewed a run cannot approve it."""

    def __init__(self, run_id: int, actor: str) -> None:
        """Name the run and the person."""
        super().__init__(
            f"Run {run_id} was previewed by {actor}; a second person must approve it (--by USER names who approves)."
        )


class TermsInvalid(PrepaidError):
    """The programme's prepaid or tax settings cannot be used."""


class CardNumberFound(PrepaidError):
    """A text holds what may be the number of a payment card; it is refused, and not shown again."""

    def __init__(self, where: str) -> None:
        """Say where it stands, not what it is."""
        super().__init__(
            f"{where} holds a number of 13 to 19 digits that may be the number of a payment card. Kontor keeps the "
            "provider's token and the last four digits, never a number; remove it."
        )


class CardsMissing(PrepaidError):
    """Distributors of a run have no card that can be loaded."""

    def __init__(self, run_id: int, codes: Sequence[str]) -> None:
        """Name them."""
        super().__init__(
            f"Run {run_id}: no card for {_named(codes)} that can be loaded. Register their cards with `kontor cards "
            "register`, lift the block of a card, or cancel the run."
        )
        self.codes = tuple(codes)


class BlockedMeanwhile(PrepaidError):
    """Distributors of a run were blocked after the preview."""

    def __init__(self, run_id: int, codes: Sequence[str]) -> None:
        """Name them."""
        super().__init__(
            f"Run {run_id}: {_named(codes)} blocked since the preview. Cancel the run and preview it again, or lift "
            "the block."
        )
        self.codes = tuple(codes)


class TotalsDiffer(PrepaidError):
    """What is about to be ordered is not what was previewed; nothing is ordered."""

    def __init__(self, run_id: int, what: str, previewed: object, found: object) -> None:
        """Give both figures."""
        super().__init__(
            f"Run {run_id}: {what} was {previewed} in the preview, and is {found} now. Nothing is ordered."
        )


class OrderFileChanged(PrepaidError):
    """The order file is not the one that was written."""

    def __init__(self, run_id: int, file: str) -> None:
        """Name the file."""
        super().__init__(
            f"Run {run_id}: the order file {file} is missing or is not what was written; it is not sent. Restore it "
            "from a backup, or cancel the run with --order-file-not-sent."
        )


class NotFunded(PrepaidError):
    """A provider cannot pay for a run now."""

    def __init__(self, run_id: int, why: str) -> None:
        """Say why."""
        super().__init__(f"Run {run_id} is not sent: {why}")


class FileRefusedByOperator(PrepaidError):
    """The operator refused an order file as a whole, and it was not written anew."""

    def __init__(self, run_id: int, file: str, why: str) -> None:
        """Name the file, and give the operator's words."""
        said = f" ({why})" if why else ""
        super().__init__(f"Run {run_id}: the operator refused {file}{said}. Write it anew, then send that.")


class BatchFileUnfit(PrepaidError):
    """What an operator's file must hold does not fit its template."""

    def __init__(self, file: str, line: int, what: str, why: str) -> None:
        """Say where, and what is in the way."""
        super().__init__(f"{file}, line {line}: {what} {why}. Change it, or the template of the operator's files.")


def _named(codes: Sequence[str]) -> str:
    more = f" and {len(codes) - SHOWN:,} more" if len(codes) > SHOWN else ""
    return ", ".join(codes[:SHOWN]) + more
