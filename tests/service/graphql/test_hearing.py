"""The right to be heard over the API: notice, statement, and urgency of a decision without them."""

from typing import Any

from tests.service.graphql.api_client import ApiClient
from tests.service.graphql.scenario import Scenario, scenario


def shown(here: Scenario, who: Any, kind: str, id: str, fields: str) -> Any:
    """The same subject by a query, at least as of the last command."""
    answer = here.ask(
        who, f"query ($id: ID!, $at: Position) {{ {kind}(id: $id, atLeast: $at) {{ id {fields} }} }}", id=id
    )
    return answer[kind]


def test_the_requester_is_heard_before_a_denial(register: ApiClient) -> None:
    here = scenario(register, hearing=True)
    fields = (
        "status availableActions hearing { grounds noticeAt until statement statementAt urgency noticeBy { subject } }"
    )

    def reviewed() -> str:
        request: str = here.request()["id"]
        here.on_request(here.reviewer, "beginReview", request)
        return request

    request = reviewed()
    early = here.on_request(here.approver, "denyDeploymentRequest", request)
    assert (early["__typename"], [each["path"] for each in early["fields"]]) == ("InvalidInput", ["urgency"])
    until = "2035-01-01T00:00:00Z"
    given = here.on_request(here.approver, "giveNotice", request, fields, grounds="EXERCISE: mines.", until=until)
    assert (given["hearing"]["grounds"], given["hearing"]["noticeBy"]["subject"]) == (
        "EXERCISE: mines.",
        here.approver.subject,
    )
    seen = shown(here, here.requester, "deploymentRequest", request, fields)
    assert (seen["hearing"], "MAKE_STATEMENT" in seen["availableActions"]) == (given["hearing"], True)
    here.on_request(here.requester, "makeStatement", request, statement="EXERCISE: they are cleared.")
    denied = here.on_request(here.approver, "denyDeploymentRequest", request, fields)
    assert (denied["status"], denied["hearing"]["statement"]) == ("DENIED", "EXERCISE: they are cleared.")
    urgent = here.on_request(here.approver, "denyDeploymentRequest", reviewed(), fields, urgency="EXERCISE: at once.")
    assert (urgent["status"], urgent["hearing"]["urgency"]) == ("DENIED", "EXERCISE: at once.")
    mistaken = here.on_request(here.requester, "withdrawDeploymentRequest", reviewed(), urgency="EXERCISE: at once.")
    assert (mistaken["__typename"], mistaken["fields"][0]["path"]) == ("InvalidInput", "urgency")
