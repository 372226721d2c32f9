"""Which provider a programme uses, by the name in its file."""

from collections.abc import Callable

from sqlalchemy import Engine

from app.config import settings
from app.domain.saying.wording import marked
from prepaid.errors import TermsInvalid
from prepaid.issuers.batch_provider import BatchFileProvider
from prepaid.issuers.sandbox import SandboxProvider
from prepaid.providers import CardProvider

_ = marked


def _stripe(engine: Engine) -> CardProvider:
    from prepaid.issuers.stripe_provider import StripeProvider  # its library takes a second to load

    chosen = settings()
    if chosen.stripe_secret_key is None:
        raise TermsInvalid(_("The secret key of Stripe is not set: put it into KONTOR_STRIPE_SECRET_KEY."))
    return StripeProvider(engine, chosen.stripe_secret_key.get_secret_value(), address=chosen.stripe_url)


_PROVIDERS: dict[str, Callable[[Engine], CardProvider]] = {
    "sandbox": SandboxProvider,
    "batch_file": lambda _: BatchFileProvider(),
    "stripe": _stripe,
}


def connect(name: str, engine: Engine) -> CardProvider:
    """Give the provider of this name. The engine is for those that keep books in our database.

    Raises:
        TermsInvalid: There is none, or what it needs is not set.
    """
    if name not in _PROVIDERS:
        words = _("No card provider is called %(name)s; there are: %(known)s.")
        raise TermsInvalid(words, name=repr(name), known=sorted(_PROVIDERS))
    return _PROVIDERS[name](engine)
