"""Which provider a programme uses, by the name in its file."""

from collections.abc import Callable

from sqlalchemy import Engine

from prepaid.errors import TermsInvalid
from prepaid.providers import CardProvider
from prepaid.sandbox import SandboxProvider

_PROVIDERS: dict[str, Callable[[Engine], CardProvider]] = {"sandbox": SandboxProvider}


def connect(name: str, engine: Engine) -> CardProvider:
    """Give the provider of this name. The engine is for the sandbox, which keeps its books in our database.

    Raises:
        TermsInvalid: There is none.
    """
    if name not in _PROVIDERS:
        raise TermsInvalid(f"No card provider is called {name!r}; there are: {', '.join(sorted(_PROVIDERS))}.")
    return _PROVIDERS[name](engine)
