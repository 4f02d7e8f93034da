"""A process on a machine whose clock is wrong: `python -m tests.faults.skewed SECONDS serve ...`.

Wherever the code of the product reads the clock of the machine, it is ahead by so many seconds.
"""

import sys
from datetime import datetime, timedelta, tzinfo
from importlib import import_module
from inspect import getsource
from pkgutil import walk_packages

import domain
import projections
import service
from service.cli import main

SKEW = timedelta()


class _SkewedType(type):
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, datetime)


class Skewed(datetime, metaclass=_SkewedType):
    """Makes real instants, of which `now` is skewed."""

    def __new__(cls, *values: int, **named: int) -> datetime:  # type: ignore[misc]
        return datetime(*values, **named)  # type: ignore[arg-type]  # noqa: DTZ001

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + SKEW


def skew(seconds: float) -> None:
    """Skews every module that reads the clock."""
    global SKEW  # noqa: PLW0603
    SKEW = timedelta(seconds=seconds)
    skewed = 0
    for package in (domain, projections, service):
        for found in walk_packages(package.__path__, f"{package.__name__}."):
            if found.name.endswith("__main__"):
                continue
            module = import_module(found.name)
            if "datetime.now(" in getsource(module):
                module.datetime = Skewed  # type: ignore[attr-defined]
                skewed += 1
    assert skewed >= 5


if __name__ == "__main__":
    skew(float(sys.argv.pop(1)))
    main()
