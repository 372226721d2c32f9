"""Why the embedded servers cannot be used: one class per reason, and the text says what to do about it."""


class LocalError(Exception):
    """The embedded servers cannot be used."""


class NoProgram(LocalError):
    """No server program was found that fits; the text lists where was looked and what was found there."""


class NotOurs(LocalError):
    """A folder we need belongs to somebody else. It is never taken over: its owner has to decide."""


class OutOfReach(LocalError):
    """The account the servers run as cannot get to a folder, or we cannot become that account."""


class DataMissing(LocalError):
    """The data is said to be in a folder that is not there. Starting empty would look like losing everything."""


class ServerFailed(LocalError):
    """A server did not start, or died too often; the text carries the end of its log."""


class KeeperFailed(LocalError):
    """The process that watches over the servers did not start or did not answer."""


class StillRunning(LocalError):
    """The servers were told to stop and had not stopped in time."""


class Unsupported(LocalError):
    """This system cannot run the embedded servers at all."""


_REASONS = {
    reason.__name__: reason
    for reason in (
        NoProgram,
        NotOurs,
        OutOfReach,
        DataMissing,
        ServerFailed,
        KeeperFailed,
        StillRunning,
        Unsupported,
    )
}


def from_report(kind: str, text: str) -> LocalError:
    """Make the error again that the keeper met in its own process and wrote down by name."""
    return _REASONS.get(kind, LocalError)(text)
