"""The statuses of a deployment request as SVG.

The layout of the statuses is fixed here, so that no arrows cross; the arrows come from the lifecycle table.
"""

from dataclasses import dataclass
from html import escape
from math import hypot
from typing import Final

from domain.deployment_request.state import RequestStatus
from scripts.lifecycle_docs.rows import Row, label, request_rows

PLACES: Final = {
    RequestStatus.WITHDRAWN: (0, 0),
    RequestStatus.WITHHELD_PENDING_ATTRIBUTION: (1, 0),
    RequestStatus.DENIED: (2, 0),
    RequestStatus.REVOKED: (3, 0),
    RequestStatus.SUBMITTED: (0, 1),
    RequestStatus.UNDER_REVIEW: (1, 1),
    RequestStatus.APPROVED: (2, 1),
    RequestStatus.EXPIRED: (3, 1),
}
"""Status -> (column, row)."""

WIDTH, HEIGHT, ACROSS, DOWN, MARGIN = 230, 130, 150, 150, 24
APART: Final = 26
"""Distance in pixels between two opposite arrows."""
HEAD: Final = (
    '<marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">'
    '<path d="M0 0L10 5L0 10z"/></marker>'
)
LAST: Final = ' class="last"'
"""Class of a final status."""

STYLE: Final = """\
text{font:14px system-ui,sans-serif;fill:#1b2733}
.name{font-weight:600;font-size:15px}
.step{font-size:13px;fill:#3d4f60}
.label{paint-order:stroke;stroke:#fff;stroke-width:5px;stroke-linejoin:round}
.by{font-size:12px;fill:#3d4f60}
rect{fill:#f4f7fa;stroke:#3d5a80;stroke-width:1.5}
rect.last{fill:#fff;stroke-width:1}
path{stroke:#3d5a80;stroke-width:1.6;fill:none}
path.register{stroke-dasharray:6 4}
marker path{fill:#3d5a80;stroke:none}
"""


@dataclass(frozen=True, slots=True)
class Point:
    x: float
    y: float

    def towards(self, other: "Point", part: float) -> "Point":
        return Point(self.x + (other.x - self.x) * part, self.y + (other.y - self.y) * part)


def picture() -> str:
    rows = request_rows()
    columns, lines = (1 + max(place[axis] for place in PLACES.values()) for axis in (0, 1))
    width = 2 * MARGIN + columns * WIDTH + (columns - 1) * ACROSS
    foot = 2 * MARGIN + lines * HEIGHT + (lines - 1) * DOWN + 8
    height = foot + MARGIN
    always = ", ".join(f"{label(row.action)} ({row.short})" for row in rows if not row.states)
    description = "; ".join(
        f"{label(start)} to {label(end)} by {label(row.action)}" for row, start, end in _arrows(rows)
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        "<title>The lifecycle of a deployment request</title>",
        f"<desc>{escape(description)}.</desc>",
        f"<style>{STYLE}</style>",
        f"<defs>{HEAD}</defs>",
        f'<path d="M0 0H{width}V{height}H0z" style="fill:#fff;stroke:none"/>',
        *(_arrow(row, start, end) for row, start, end in _arrows(rows)),
        *(_box(status, rows) for status in PLACES),
        *(_label(row, start, end) for row, start, end in _arrows(rows)),
        f'<text class="step" x="{MARGIN}" y="{foot}">In any status: {always}. Dashed: the register alone.</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _arrows(rows: tuple[Row, ...]) -> list[tuple[Row, RequestStatus, RequestStatus]]:
    return [
        (row, RequestStatus(start), RequestStatus(end)) for row in rows for end in row.leads_to for start in row.states
    ]


def _centre(status: RequestStatus) -> Point:
    column, line = PLACES[status]
    return Point(MARGIN + column * (WIDTH + ACROSS) + WIDTH / 2, MARGIN + line * (HEIGHT + DOWN) + HEIGHT / 2)


def _ends(start: RequestStatus, end: RequestStatus) -> tuple[Point, Point]:
    """Start and end of an arrow on the edges of the two boxes; shifted sideways if there is an opposite arrow."""
    here, there = _centre(start), _centre(end)
    length = hypot(there.x - here.x, there.y - here.y)
    offset = APART / 2 if _has_opposite(start, end) else 0
    shift = Point(-(there.y - here.y) / length * offset, (there.x - here.x) / length * offset)
    out = min(WIDTH / 2 / (abs(there.x - here.x) or 1), HEIGHT / 2 / (abs(there.y - here.y) or 1))
    leaves, reaches = here.towards(there, out), there.towards(here, out)
    return Point(leaves.x + shift.x, leaves.y + shift.y), Point(reaches.x + shift.x, reaches.y + shift.y)


def _has_opposite(start: RequestStatus, end: RequestStatus) -> bool:
    arrows = {(one, other) for _, one, other in _arrows(request_rows())}
    return (end, start) in arrows


def _arrow(row: Row, start: RequestStatus, end: RequestStatus) -> str:
    leaves, reaches = _ends(start, end)
    kind = "" if row.who else ' class="register"'
    line = f"M{leaves.x:.0f} {leaves.y:.0f}L{reaches.x:.0f} {reaches.y:.0f}"
    return f'<path{kind} d="{line}" marker-end="url(#head)"/>'


def _label(row: Row, start: RequestStatus, end: RequestStatus) -> str:
    """The step above the arrow and its actors below; beside the arrow if there is an opposite one."""
    leaves, reaches = _ends(start, end)
    middle = leaves.towards(reaches, 0.5)
    who = " or ".join(filter(None, [row.short, "the register" if row.automatic else None]))
    anchor, x = "middle", middle.x
    if _has_opposite(start, end):
        anchor, x = ("end", middle.x - 8) if middle.x < _centre(start).x else ("start", middle.x + 8)
    place = f'class="label{{}}" x="{x:.0f}" y="{{:.0f}}" text-anchor="{anchor}"'
    return (
        f"<text {place.format('', middle.y - 6)}>{label(row.action)}</text>"
        f"<text {place.format(' by', middle.y + 16)}>{who}</text>"
    )


def _box(status: RequestStatus, rows: tuple[Row, ...]) -> str:
    """The status and the steps that do not change it."""
    centre = _centre(status)
    left, top = centre.x - WIDTH / 2, centre.y - HEIGHT / 2
    is_final = not any(status in row.states and row.leads_to for row in rows)
    lines = [
        f'<rect{LAST if is_final else ""} x="{left:.0f}" y="{top:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="8"/>',
        f'<text class="name" x="{left + 14:.0f}" y="{top + 26:.0f}">{label(status)}</text>',
    ]
    steps = [row for row in rows if status in row.states and not row.leads_to]
    for number, row in enumerate(steps):
        by = row.short or "the register"
        y = top + 50 + 19 * number
        lines.append(f'<text class="step" x="{left + 14:.0f}" y="{y:.0f}">{label(row.action)}: {by}</text>')
    return "".join(lines)
