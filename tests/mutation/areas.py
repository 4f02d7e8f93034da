"""What is mutated, and the tests that are to notice."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """mutated: patterns of files. smallest: a pattern of a few mutants, tested first. tests: fast files or folders."""

    name: str
    mutated: tuple[str, ...]
    smallest: str
    tests: tuple[str, ...]

    def folder(self, work: Path) -> Path:
        return work / self.name


AREAS = {
    area.name: area
    for area in (
        Area(
            name="domain",
            mutated=("domain/*",),
            smallest="domain.policies.incident_names.*",
            tests=("tests/domain",),
        ),
        Area(
            name="visibility",
            mutated=("service/exchange/visible_log/visibility.py",),
            smallest="service.exchange.visible_log.visibility.x__name_of*",
            tests=("tests/service/exchange/visible_log",),
        ),
    )
}
