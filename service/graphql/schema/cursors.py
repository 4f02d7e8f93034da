"""Opaque page cursors, each valid only for the list that it came from."""

from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Final
from uuid import UUID

from domain.validation import unwritable
from projections.reading.page_cursors import CHECKSUM_SIZE, POSITION, checksum_of, encoded, position_cursor
from projections.reading.queries import ListPosition
from projections.views.inbox import InboxPosition
from projections.views.lent_inbox import NOBODY
from service.graphql.execution.graphql_errors import BadUserInput
from service.graphql.loaders.viewer_rows import PastInstant
from service.graphql.schema.arguments import given

_PLACE: Final = Struct(">q16s")
_OF_PRINCIPAL: Final = Struct(">q16s16s")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
NONE_OF_THIS_LIST: Final = "This cursor does not come from this list, in this order, as of this instant."


def of_list(name: str, moment: PastInstant | None) -> str:
    """The list's name in its cursors: each past instant is a list of its own."""
    return name if moment is None else f"{name}@{moment.instant.isoformat()}"


def cursor_of(of: str, place: ListPosition | InboxPosition | int | str) -> str:
    """of: name of the list, with its order and instant. place: a position in the global order of
    events, if an int; the key of an item, if a str."""
    if isinstance(place, int):
        return position_cursor(of, place)
    if isinstance(place, str):
        return encoded(of, place.encode())
    micros = (place.at - _EPOCH) // _MICROSECOND
    if isinstance(place, InboxPosition) and place.principal != NOBODY:
        return encoded(of, _OF_PRINCIPAL.pack(micros, place.id.bytes, place.principal.bytes))
    return encoded(of, _PLACE.pack(micros, place.id.bytes))


def place_after(of: str, cursor: str | None) -> ListPosition | None:
    """Raises BadUserInput if the cursor is from another list."""
    if (written := given(cursor)) is None:
        return None
    micros, last = _PLACE.unpack(_decode(of, written, _PLACE.size))
    return ListPosition(_instant(micros), UUID(bytes=last))


def inbox_place_after(of: str, cursor: str | None) -> InboxPosition | None:
    """As `place_after`, for the inbox."""
    if (written := given(cursor)) is None:
        return None
    content = _decode(of, written, None)
    if len(content) == _PLACE.size:
        micros, last = _PLACE.unpack(content)
        return InboxPosition(_instant(micros), UUID(bytes=last))
    if len(content) == _OF_PRINCIPAL.size:
        micros, last, principal = _OF_PRINCIPAL.unpack(content)
        return InboxPosition(_instant(micros), UUID(bytes=last), UUID(bytes=principal))
    raise BadUserInput("after", NONE_OF_THIS_LIST)


def _instant(micros: int) -> datetime:
    try:
        return _EPOCH + micros * _MICROSECOND
    except OverflowError:
        raise BadUserInput("after", NONE_OF_THIS_LIST) from None


def position_of(of: str, argument: str, cursor: str | None) -> int | None:
    """The position of an event. Raises BadUserInput about the argument if the cursor is from another list."""
    if (written := given(cursor)) is None:
        return None
    return int(POSITION.unpack(_decode(of, written, POSITION.size, argument))[0])


def key_after(of: str, cursor: str | None) -> str | None:
    """As `place_after`, for a list ordered by a key of its items."""
    if (written := given(cursor)) is None:
        return None
    key = _decode(of, written, None).decode(errors="surrogateescape")
    if unwritable(key) is not None:
        raise BadUserInput("after", NONE_OF_THIS_LIST)
    return key


def _decode(of: str, cursor: str, size: int | None, argument: str = "after") -> bytes:
    """size: of the content; None for any."""
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"==")
    except ValueError:
        raw = b""
    content, checksum = raw[:-CHECKSUM_SIZE], raw[-CHECKSUM_SIZE:]
    has_size = size is None or len(content) == size
    if not has_size or checksum != checksum_of(of, content) or encoded(of, content) != cursor:
        raise BadUserInput(argument, NONE_OF_THIS_LIST)
    return content
