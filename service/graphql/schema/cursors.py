"""Opaque page cursors, each valid only for the list that it came from."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from struct import Struct
from typing import Final
from uuid import UUID

from projections.reading.queries import ListPosition
from service.graphql.execution.graphql_errors import BadUserInput
from service.graphql.loaders.loaders import PastInstant
from service.graphql.schema.arguments import given

_PLACE: Final = Struct(">q16s")
_POSITION: Final = Struct(">q")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
NONE_OF_THIS_LIST: Final = "This cursor does not come from this list, in this order, as of this instant."
_CHECKSUM_SIZE: Final = 6
"""Bytes of the checksum that binds a cursor to its list."""


def of_list(name: str, moment: PastInstant | None) -> str:
    """The list's name in its cursors: each past instant is a list of its own."""
    return name if moment is None else f"{name}@{moment.instant.isoformat()}"


def of_place(of: str, place: ListPosition) -> str:
    """of: name of the list, with its order and instant."""
    return _encode(of, _PLACE.pack((place.at - _EPOCH) // _MICROSECOND, place.id.bytes))


def of_position(of: str, position: int) -> str:
    return _encode(of, _POSITION.pack(position))


def place_after(of: str, cursor: str | None) -> ListPosition | None:
    """Raises BadUserInput if the cursor is from another list."""
    if (written := given(cursor)) is None:
        return None
    micros, last = _PLACE.unpack(_decode(of, written, _PLACE.size))
    try:
        return ListPosition(_EPOCH + micros * _MICROSECOND, UUID(bytes=last))
    except OverflowError:
        raise BadUserInput("after", NONE_OF_THIS_LIST) from None


def position_after(of: str, cursor: str | None) -> int:
    if (written := given(cursor)) is None:
        return 0
    return int(_POSITION.unpack(_decode(of, written, _POSITION.size))[0])


def _encode(of: str, content: bytes) -> str:
    return urlsafe_b64encode(content + _checksum(of, content)).decode().rstrip("=")


def _decode(of: str, cursor: str, size: int) -> bytes:
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"==")
    except ValueError:
        raw = b""
    content = raw[:size]
    if len(raw) != size + _CHECKSUM_SIZE or raw[size:] != _checksum(of, content) or _encode(of, content) != cursor:
        raise BadUserInput("after", NONE_OF_THIS_LIST)
    return content


def _checksum(of: str, content: bytes) -> bytes:
    return blake2b(of.encode() + b"\0" + content, digest_size=_CHECKSUM_SIZE).digest()
