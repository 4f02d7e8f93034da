"""Free texts, stored apart from their events. The event holds a salted digest; the salt and the text are stored here.

The salt prevents guessing an erased short text from its digest.
"""

from collections.abc import Collection, Iterable
from hashlib import sha256
from typing import Final

import msgspec

DOMAIN: Final = b"mandate.text/v1\n"
SALT_BYTES: Final = 16

TextEntry = tuple[str, bytes, str]
"""Path, salt, text."""

_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(list[TextEntry])


def digest(salt: bytes, text: str) -> str:
    """Lower-case hex. Raises UnicodeEncodeError for an unpaired surrogate."""
    return sha256(DOMAIN + salt + text.encode()).hexdigest()


def encode_texts(entries: Iterable[TextEntry]) -> bytes:
    return _encoder.encode(list(entries))


def decode_texts(stored: bytes, digests: Collection[str]) -> dict[str, str]:
    """digest -> text of the stored texts of an event with these digests.

    The path of an entry is where the text was when it was recorded; a later schema may have moved it.
    Raises ValueError if a text matches none of the digests.
    """
    found = {}
    for path, salt, text in _decoder.decode(stored):
        text_digest = digest(salt, text)
        if len(salt) != SALT_BYTES or text_digest not in digests:
            raise ValueError(f"the text kept for '{path}' is not the one that was recorded")
        found[text_digest] = text
    return found
