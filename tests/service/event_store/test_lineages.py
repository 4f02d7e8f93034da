"""A log that another server or timeline continues: whoever appends first notes after which position."""

import logging
from uuid import uuid4

import psycopg
import pytest

from service.event_store.lineage import lineage_warning, note_lineage
from service.event_store.store import EventStore
from service.settings import DatabaseUrls
from tests.service.event_store.appends import write


def restore_elsewhere(urls: DatabaseUrls) -> None:
    """To whoever looks, this server is another one than the one that wrote the log."""
    with psycopg.connect(urls.owner) as owner:
        owner.execute("UPDATE event_store.lineages SET system_identifier = system_identifier + 1")


def test_the_first_lineage_is_no_news(database_urls: DatabaseUrls) -> None:
    with psycopg.connect(database_urls.api, autocommit=True) as connection:
        assert note_lineage(connection) is None
        assert lineage_warning(connection) is None


def test_a_lineage_is_noted_before_the_first_append_to_it(
    database_urls: DatabaseUrls, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        restore_elsewhere(database_urls)
        store = EventStore(database_urls.api)
        try:
            with caplog.at_level(logging.WARNING):
                write(store, (uuid4(), 1))
        finally:
            store.close()
    told = [line for line in caplog.messages if "failed over after position" in line]
    assert ["after position 0 " in told[0], "after position 1 " in told[1], len(told)] == [True, True, 2]
    with psycopg.connect(database_urls.api, autocommit=True) as connection:
        assert "after position 1 " in (lineage_warning(connection) or "")


def test_a_session_that_cannot_write_notes_nothing(database_urls: DatabaseUrls) -> None:
    restore_elsewhere(database_urls)
    with psycopg.connect(database_urls.api, options="-c default_transaction_read_only=on") as connection:
        assert note_lineage(connection) is None
        assert connection.execute("SELECT count(*) FROM event_store.lineages").fetchone() == (1,)
