"""A domain state as one document, and back, exactly: what a view keeps of a row beside its columns.

A text is a plain string; an erased one is {"erased": true}, since null is a text that was never written.
"""

from typing import Any, Final, TypeVar

import msgspec

from domain.vocabulary import Text

State = TypeVar("State")

ERASED: Final = {"erased": True}


def encode(state: object) -> str:
    return _ENCODER.encode(state).decode()


def decode(kind: type[State], document: str) -> State:
    """Raises msgspec.ValidationError where the document is none of this kind."""
    decoder = _DECODERS.get(kind)
    if decoder is None:
        decoder = _DECODERS[kind] = msgspec.json.Decoder(kind, dec_hook=_read)
    state: State = decoder.decode(document)
    return state


def _written(value: Any) -> object:
    if isinstance(value, Text):
        return ERASED if value.value is None else value.value
    raise TypeError(f"no form is known for {type(value).__name__}")


def _read(kind: type, value: Any) -> object:
    if kind is Text:
        return Text(value if isinstance(value, str) else None)
    raise TypeError(f"no form is known for {kind.__name__}")


_DECODERS: Final[dict[type[Any], msgspec.json.Decoder[Any]]] = {}
_ENCODER: Final = msgspec.json.Encoder(enc_hook=_written)
