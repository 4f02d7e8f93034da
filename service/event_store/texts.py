"""What people wrote, apart from the rest of an event: in the event stands a salted digest, here the salt and the text.

The salt keeps a short text from being guessed from its digest once it has been erased.
"""

from collections.abc import Collection, Iterable
from hashlib import sha256
from typing import Final

import msgspec

DOMAIN: Final = b"mandate.text/v1\n"
SALT_BYTES: Final = 16

TextEntry = tuple[str, bytes, str]
"""A path, a salt, a text."""

_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(list[TextEntry])


def digest(salt: bytes, text: str) -> str:
    """Lower-case hex. Raises UnicodeEncodeError for half a surrogate pair."""
    return sha256(DOMAIN + salt + text.encode()).hexdigest()


def encode_texts(entries: Iterable[TextEntry]) -> bytes:
    return _encoder.encode(list(entries))


def decode_texts(stored: bytes, digests: Collection[str]) -> dict[str, str]:
    """digest -> text of what is stored for an event that holds these digests.

    The path of an entry is where the text stood when it was recorded; a later schema may have moved it.
    Raises ValueError where the event holds no digest of a text.
    """
    found = {}
    for path, salt, text in _decoder.decode(stored):
        proof = digest(salt, text)
        if len(salt) != SALT_BYTES or proof not in digests:
            raise ValueError(f"the text kept for '{path}' is not the one that was recorded")
        found[proof] = text
    return found
