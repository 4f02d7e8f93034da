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
            smallest="domain.policies.approvals.*",
            tests=("tests/domain",),
        ),
        Area(
            name="visibility",
            mutated=("service/exchange/visible_log/visibility.py",),
            smallest="service.exchange.visible_log.visibility.x__name_of*",
            tests=("tests/service/exchange/visible_log",),
        ),
        Area(
            name="dispatcher",
            mutated=tuple(
                f"service/commands/{name}.py" for name in ("append_item", "dispatcher", "execution", "stream_locks")
            ),
            smallest="service.commands.append_item.x_consulted_versions*",
            tests=(
                "tests/service/commands",
                "tests/service/test_decision_time.py",
                "tests/service/test_unseen_subjects.py",
                "tests/faults/test_restored.py",
                "tests/faults/test_unknown_outcomes.py",
            ),
        ),
        Area(
            name="appender",
            mutated=("service/event_store/group_commit.py",),
            smallest="service.event_store.group_commit.x__for_each*",
            tests=(
                "tests/service/event_store/test_group_commit.py",
                "tests/service/test_append.py",
                "tests/service/commands",
                "tests/faults/test_lost_answers.py",
                "tests/faults/test_restored.py",
                "tests/faults/test_unknown_outcomes.py",
            ),
        ),
    )
}
