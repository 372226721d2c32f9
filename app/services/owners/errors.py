"""What cannot be done with somebody's points, and why."""


class OwnersError(Exception):
    """It cannot be done; nothing was changed. ``code`` tells pages what to say, ``figures`` with which numbers."""

    def __init__(self, code: str, message: str, **figures: int) -> None:
        """Say what stands against it: a code for pages, words for the command line."""
        self.code = code
        self.figures = figures
        super().__init__(message)


class NotWaiting(OwnersError):
    """It was decided or withdrawn before."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("not_waiting", "It was decided or withdrawn before.")


class SamePerson(OwnersError):
    """Whoever asked does not decide."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("same_person", "Whoever asked for it does not decide it: a second person does.")
