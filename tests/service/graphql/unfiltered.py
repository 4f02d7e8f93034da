"""Statements without their filters by viewer: row-level security alone remains."""

import sys
from dataclasses import replace
from typing import Final

import pytest
from sqlalchemy import ColumnElement, Table, all_, true

from projections.reading import queries
from projections.reading.queries import EVERYTHING, ViewerScope

FILTERS: Final = (queries.visible, queries.overlaps)
KIND: Final = queries._of_its_kind


def of_others(table: Table, _: ViewerScope) -> ColumnElement[bool]:
    """The counts of all audiences: those of other markings."""
    return table.c.marking != all_(queries.named_texts("markings"))


def remove_filters(patch: pytest.MonkeyPatch) -> None:
    """In this process, statements are built as for the register itself."""
    for module in [each for name, each in sys.modules.items() if name.startswith("projections.")]:
        for name, value in list(vars(module).items()):
            if any(value is each for each in FILTERS):
                patch.setattr(module, name, lambda *_: true())
            if value is queries.visible_of_others and module is not queries:
                patch.setattr(module, name, of_others)

    def of_everything(scope: ViewerScope) -> ViewerScope:
        return replace(KIND(scope), viewer=EVERYTHING.viewer)

    patch.setattr(queries, "_of_its_kind", of_everything)
