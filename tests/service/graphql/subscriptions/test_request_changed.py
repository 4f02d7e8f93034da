"""A request as it is, and each time it changes, for as long as the viewer may see it."""

from uuid import uuid4

import pytest

from tests.service.graphql.api_client import ApiClient
from tests.service.graphql.scenario import Scenario, scenario
from tests.service.graphql.subscriptions.client import Socket, socket

CHANGED = """subscription ($id: ID!) { deploymentRequestChanged(id: $id) {
    id version status availableActions explanation { status } history(first: 100) { edges { node { type } } } } }"""


@pytest.fixture
def here(register: ApiClient) -> Scenario:
    return scenario(register)


def version(client: Socket, id: str = "1") -> tuple[int, str]:
    request = client.data(id)["deploymentRequestChanged"]
    assert len(request["history"]["edges"]) >= request["version"]
    assert request["explanation"]["status"] == request["status"]
    return request["version"], request["status"]


def test_it_begins_with_how_it_is_and_shows_each_change(here: Scenario) -> None:
    request = here.request()["id"]
    with socket(here.register, greeted=here.requester) as client:
        client.subscribe("1", CHANGED, id=request)
        assert version(client) == (1, "SUBMITTED")
        here.request()
        here.on_request(here.reviewer, "beginReview", request)
        assert version(client) == (2, "UNDER_REVIEW")
        here.on_request(here.approver, "denyDeploymentRequest", request)
        assert version(client) == (3, "DENIED")


def test_a_slow_subscriber_gets_the_newest_version_and_versions_only_rise(here: Scenario) -> None:
    request = here.request()["id"]
    with socket(here.register, greeted=here.requester) as client:
        client.subscribe("1", CHANGED, id=request)
        seen = [version(client)[0]]
        for _ in range(30):
            here.on_request(here.requester, "remarkOnDeploymentRequest", request)
        while seen[-1] < 31:
            seen.append(version(client)[0])
    assert seen == sorted(set(seen))


@pytest.mark.parametrize("id", ["00000000-0000-4000-8000-000000000000", "none"])
def test_what_does_not_exist_ends_with_an_error(here: Scenario, id: str) -> None:
    with socket(here.register, greeted=here.requester) as client:
        client.subscribe("1", CHANGED, id=id)
        [error] = client.errors("1")
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "id"}


def test_what_one_may_not_see_does_not_exist(here: Scenario) -> None:
    request = here.request()["id"]
    with socket(here.register, greeted=here.outsider) as outsider, socket(here.register, greeted=here.auditor) as other:
        outsider.subscribe("1", CHANGED, id=str(uuid4()))
        outsider.subscribe("2", CHANGED, id=request)
        unknown, unseen = (message["payload"] for message in sorted_by_id(outsider, 2))
        assert unknown == unseen
        other.subscribe("1", CHANGED, id=request)
        assert version(other)[0] == 1


def sorted_by_id(client: Socket, messages: int) -> list[dict[str, list[object]]]:
    return sorted((client.receive() for _ in range(messages)), key=lambda message: str(message["id"]))


def test_one_that_was_just_submitted_is_waited_for(here: Scenario) -> None:
    with socket(here.register, greeted=here.requester) as client:
        for number in range(20):
            client.subscribe(str(number), CHANGED, id=here.request()["id"])
            assert version(client, str(number))[0] == 1


SEEN = """subscription ($id: ID!) { deploymentRequestChanged(id: $id) {
    version availableActions history(first: 100) { edges { node { version reason redactions } } } } }"""


def test_each_subscriber_receives_what_they_may_see(here: Scenario) -> None:
    """Two watch one request: what is read for one of them, at the same position, is not what the other gets."""
    request = here.request()["id"]
    with (
        socket(here.register, greeted=here.requester) as asker,
        socket(here.register, greeted=here.reviewer) as decider,
    ):
        for client in (asker, decider):
            client.subscribe("1", SEEN, id=request)
            assert client.data("1")["deploymentRequestChanged"]["version"] == 1
        for number in range(2, 6):
            reason = f"EXERCISE: secret {number}"
            here.on_request(here.reviewer, "remarkOnDeploymentRequest", request, internal=True, reason=reason)
            theirs, ours = (client.data("1")["deploymentRequestChanged"] for client in (asker, decider))
            assert theirs["version"] == ours["version"] == number
            assert "WITHDRAW" in theirs["availableActions"]
            assert "WITHDRAW" not in ours["availableActions"]
            assert "BEGIN_REVIEW" in ours["availableActions"]
            assert "BEGIN_REVIEW" not in theirs["availableActions"]
            remarks = [request["history"]["edges"][number - 1]["node"] for request in (theirs, ours)]
            assert [(remark["reason"], remark["redactions"]) for remark in remarks] == [
                (None, ["actor", "reason"]),
                (reason, []),
            ]
