"""An authenticator without a device: makes passkeys and shows them, as a browser would send it."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import bytes_to_base64url, encode_cbor

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """Holds one passkey for one origin; ``verifies`` tells whether it looks at who holds it."""

    origin: str
    host: str
    verifies: bool = True
    counter: int = 0
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, challenge: bytes) -> dict[str, Any]:
        """Answer a request for a new passkey."""
        attested = b"\0" * 16 + len(self.credential_id).to_bytes(2, "big") + self.credential_id + self._public_key()
        attestation = {"fmt": "none", "attStmt": {}, "authData": self._data(ATTESTED) + attested}
        return self._answer(
            clientDataJSON=self._client("webauthn.create", challenge), attestationObject=encode_cbor(attestation)
        )

    def show(self, challenge: bytes) -> dict[str, Any]:
        """Answer a request for a passkey."""
        data, client = self._data(0), self._client("webauthn.get", challenge)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(clientDataJSON=client, authenticatorData=data, signature=signature)

    def _answer(self, **response: bytes) -> dict[str, Any]:
        id_ = bytes_to_base64url(self.credential_id)
        shown = {name: bytes_to_base64url(value) for name, value in response.items()}
        return {"id": id_, "rawId": id_, "type": "public-key", "response": shown, "clientExtensionResults": {}}

    def _client(self, kind: str, challenge: bytes) -> bytes:
        said = {"type": kind, "challenge": bytes_to_base64url(challenge), "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _data(self, flags: int) -> bytes:
        self.counter += 1
        seen = PRESENT | (VERIFIED if self.verifies else 0) | flags
        return hashlib.sha256(self.host.encode()).digest() + bytes([seen]) + self.counter.to_bytes(4, "big")

    def _public_key(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        made: bytes = encode_cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        return made
