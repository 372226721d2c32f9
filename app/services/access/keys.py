"""What is made with the installation's secret key: secrets sealed for the database, and hashes of short codes.

A short code has few values, so a plain hash of it can be guessed from a stolen table; one made with this key cannot.
Whoever loses the key loses what it sealed: authenticator apps and recovery codes have to be set up anew.
"""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class SealBroken(ValueError):
    """A sealed text cannot be opened: it was sealed with another key, or changed since."""


class Keys:
    """Keys derived from the one secret key, each for one purpose."""

    def __init__(self, secret_key: str) -> None:
        """Derive them."""
        self._fernet = Fernet(base64.urlsafe_b64encode(_derived(secret_key, b"kontor/sealed texts")))
        self._codes = _derived(secret_key, b"kontor/hashes of codes")

    def seal(self, text: str) -> str:
        """Seal a text for the database."""
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def unseal(self, sealed: str) -> str:
        """Open a sealed text.

        Raises:
            SealBroken: It was sealed with another key, or changed since.
        """
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise SealBroken("sealed with another key, or changed since") from None

    def hash_of(self, purpose: str, *parts: str | int) -> bytes:
        """Hash a code together with whose it is and what for: the same code of two people has two hashes."""
        said = "\0".join((purpose, *(str(part) for part in parts)))
        return hmac.new(self._codes, said.encode(), hashlib.sha256).digest()


def _derived(secret_key: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret_key.encode())
