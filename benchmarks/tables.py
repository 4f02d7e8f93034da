"""Formatting of results as Markdown tables, also readable in a terminal."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Final

PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"


def aligned(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table with aligned columns; all but the first hold figures."""
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        first, *rest = zip(cells, widths, strict=True)
        padded = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]
        return f"| {' | '.join(padded)} |"

    rule = f"|-{widths[0] * '-'}-|" + "".join(f"-{width * '-'}:|" for width in widths[1:])
    return "\n".join([line(lines[0]), rule, *map(line, lines[1:])])


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def middle(values: Iterable[float]) -> float:
    """The median of the rounds."""
    return median(values)


def times(ratio: float) -> str:
    """'12.3 x', '0.87 x'."""
    return f"{ratio:.1f} x" if ratio >= 2 else f"{ratio:.2f} x"


def cpu_table(profiles: Mapping[str, Mapping[str, float]]) -> str:
    """CPU microseconds per request by layer, most first. profiles: by column."""
    most = {
        layer: max(each.get(layer, 0.0) for each in profiles.values()) for spent in profiles.values() for layer in spent
    }
    rows = [
        (layer, *(f"{spent.get(layer, 0.0):,.0f}" for spent in profiles.values()))
        for layer in sorted(most, key=lambda layer: -most[layer])
    ]
    total = ("server process, total", *(f"{sum(spent.values()):,.0f}" for spent in profiles.values()))
    return aligned(("CPU us per request", *profiles), [*rows, total])


def keep(name: str, text: str) -> None:
    """Replaces the result of this name in docs/benchmarks.md. Raises ValueError if the page has no place for it."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, found, rest = PAGE.read_text().partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"{PAGE.name} has no place for {name}: {begin} ... {end}")
    PAGE.write_text(f"{before}{begin}\n{text.strip()}\n{end}{after}")
