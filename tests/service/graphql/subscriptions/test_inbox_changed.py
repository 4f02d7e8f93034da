"""The inbox of a person, each time something comes or goes."""

import pytest

from tests.service.graphql.api_client import Answer, ApiClient
from tests.service.graphql.scenario import ADMINISTRATOR, Scenario, scenario
from tests.service.graphql.subscriptions.client import Socket, socket

CHANGED = """subscription { inboxChanged { totalCount position went
    came { id action overdue subject { id ... on DeploymentRequest { reference availableActions } } } } }"""
INBOX = "query ($at: Position) { inbox(atLeast: $at) { totalCount edges { node { id action } } } }"


@pytest.fixture
def here(register: ApiClient) -> Scenario:
    return scenario(register)


def change(client: Socket) -> Answer:
    found: Answer = client.data("1")["inboxChanged"]
    return found


def came(found: Answer) -> list[tuple[str, str]]:
    return [(item["action"], item["subject"]["id"]) for item in found["came"]]


def test_it_begins_with_how_many_there_are_and_says_what_comes_and_goes(here: Scenario) -> None:
    first = here.request()["id"]
    with socket(here.register, greeted=here.reviewer) as client:
        client.subscribe("1", CHANGED)
        initial = change(client)
        assert (initial["totalCount"], initial["came"], initial["went"]) == (1, [], [])
        assert int(initial["position"]) >= int(here.register.position or 0)
        second = here.request()["id"]
        new = change(client)
        assert (new["totalCount"], came(new), new["went"]) == (2, [("BEGIN_REVIEW", second)], [])
        assert "BEGIN_REVIEW" in new["came"][0]["subject"]["availableActions"]
        here.on_request(here.reviewer, "beginReview", first)
        begun = change(client)
        assert (begun["totalCount"], came(begun), len(begun["went"])) == (2, [("ENDORSE", first)], 1)
        here.on_request(here.requester, "withdrawDeploymentRequest", second)
        gone = change(client)
        assert (gone["totalCount"], gone["came"], gone["went"]) == (1, [], [new["came"][0]["id"]])
        left = here.ask(here.reviewer, INBOX)["inbox"]
        assert [edge["node"]["id"] for edge in left["edges"]] == [begun["came"][0]["id"]]


def test_what_is_not_for_somebody_does_not_reach_them(here: Scenario) -> None:
    with (
        socket(here.register, greeted=here.outsider) as outsider,
        socket(here.register, greeted=here.reviewer) as decider,
    ):
        for client in (outsider, decider):
            client.subscribe("1", CHANGED)
            assert change(client)["totalCount"] == 0
        for _ in range(3):
            here.request()
            assert change(decider)["came"]
        own = {"authority": f"{here.name}-other", "region": f"{here.name}-2", "legalBasis": "EXERCISE agreement"}
        here.register.command(ADMINISTRATOR, "grantMandate", "GrantMandateInput", own)
        request = here.request(region=f"{here.name}-2")["id"]
        [(action, subject)] = came(change(outsider))
        assert (action, subject) == ("BEGIN_REVIEW", request)


def test_the_end_of_a_mandate_takes_away_what_it_covers(here: Scenario) -> None:
    request = here.request()["id"]
    here.on_request(here.reviewer, "beginReview", request)
    here.on_request(here.reviewer, "endorseDeploymentRequest", request, recommendation="APPROVE")
    with socket(here.register, greeted=here.approver) as client:
        client.subscribe("1", CHANGED)
        assert change(client)["totalCount"] == 1
        ended = {"authority": f"{here.name}-decider", "region": here.name, "reason": "EXERCISE"}
        here.register.command(ADMINISTRATOR, "endMandate", "EndMandateInput", ended)
        gone = change(client)
        assert (gone["totalCount"], gone["came"], len(gone["went"])) == (0, [], 1)
