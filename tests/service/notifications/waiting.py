"""Waiting for workers, which start processes and import GraphQL: longer than other tests wait."""

from functools import partial

from tests import waiting

until = partial(waiting.until, seconds=90)
