"""A server crash may lose the last changes of its views after their notification and before they are read."""

import psycopg

from service.settings import DatabaseUrls
from tests.service.graphql.api_client import PATIENCE, followed, served
from tests.service.graphql.scenario import scenario
from tests.service.graphql.subscriptions.client import socket
from tests.waiting import until

CAUGHT_UP = """query ($at: Position) {
    deploymentRequests(atLeast: $at) { totalCount } auditTrail(atLeast: $at) { edges { cursor } } }"""
CHANGED = "subscription ($id: ID!) { deploymentRequestChanged(id: $id) { version } }"
WAITING = """SELECT 1 FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND usename = 'mandate_api'"""
MOVE = """UPDATE projections.checkpoints SET (position, recorded_at) =
    (SELECT notification_id, recorded_at FROM event_store.events WHERE notification_id = %s)"""
SEVER = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = 'mandate_api'"""


def test_a_change_that_was_lost_and_made_again_is_reported(database_urls: DatabaseUrls) -> None:
    """Positions that views had, rows that they have not, and connections that are gone: as after a fall."""
    assert database_urls.superuser is not None
    with (
        psycopg.connect(database_urls.superuser) as holder,
        psycopg.connect(database_urls.superuser, autocommit=True) as superuser,
        served(database_urls, follow=False, view_timeout=PATIENCE) as register,
    ):
        here = scenario(register)
        with socket(register, greeted=here.auditor) as client:
            with followed(database_urls):
                request = here.request()["id"]
                client.subscribe("1", CHANGED, id=request)
                assert client.data("1")["deploymentRequestChanged"] == {"version": 1}
                here.on_request(here.requester, "remarkOnDeploymentRequest", request)
                assert client.data("1")["deploymentRequestChanged"] == {"version": 2}
                here.ask(here.auditor, CAUGHT_UP)
            before = register.position
            holder.execute("LOCK TABLE projections.deployment_requests IN ACCESS EXCLUSIVE MODE")
            here.on_request(here.requester, "remarkOnDeploymentRequest", request)
            superuser.execute(MOVE, [register.position])
            until(lambda: superuser.execute(WAITING).fetchone())
            superuser.execute(MOVE, [before])
            superuser.execute(SEVER)
            holder.rollback()
            with followed(database_urls):
                assert client.data("1")["deploymentRequestChanged"] == {"version": 3}
