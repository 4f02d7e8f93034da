"""Parses the Accept header, with quality values (RFC 9110)."""

from typing import Final

JSON: Final = "application/json"
RESPONSE_JSON: Final = "application/graphql-response+json"
EVENT_STREAM: Final = "text/event-stream"
HTML: Final = "text/html"


class Accepted:
    """The accepted media types. An empty header accepts everything."""

    def __init__(self, header: str) -> None:
        self._ranges: dict[str, float] = {}
        for each in header.split(","):
            name, *parameters = (part.strip().lower() for part in each.split(";"))
            if name:
                self._ranges[name] = _quality(parameters)

    def quality(self, media: str) -> float:
        """Quality of a media type by its most specific range; 0 if it is not accepted."""
        if not self._ranges:
            return 1.0
        kind = media.partition("/")[0]
        for covering in (media, f"{kind}/*", "*/*"):
            if covering in self._ranges:
                return self._ranges[covering]
        return 0.0

    def names(self, media: str) -> bool:
        """Whether the media type is listed by name, not only covered by a range."""
        return self._ranges.get(media, 0.0) > 0

    @property
    def json(self) -> bool:
        return self.quality(JSON) > 0 or self.quality(RESPONSE_JSON) > 0

    @property
    def media(self) -> str:
        """The media type of a response that is not streamed."""
        newer = self.names(RESPONSE_JSON) and self.quality(RESPONSE_JSON) >= self._ranges.get(JSON, 0.0)
        return RESPONSE_JSON if newer else JSON


def _quality(parameters: list[str]) -> float:
    found = next((each.removeprefix("q=") for each in parameters if each.startswith("q=")), "1")
    try:
        return min(max(float(found), 0.0), 1.0)
    except ValueError:
        return 0.0
