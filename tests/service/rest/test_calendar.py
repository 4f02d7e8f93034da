"""Due dates as a calendar."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from domain.vocabulary import Marking, Role
from service.rest.calendar import MEDIA, calendar
from tests.service.graphql.api_client import ApiClient, Person

DUE = "2035-01-01T06:00:00.000000Z"
ADDRESS = "https://register.example/api"


def item(marking: Marking, **other: Any) -> dict[str, Any]:
    return {
        "id": "6f1c1f6e-6a52-5b1e-9a51-0d1f2c9d5a34",
        "action": "BEGIN_REVIEW",
        "why": "It waits.",
        "since": "2034-12-01T00:00:00.000000Z",
        "due": DUE,
        "subject": {
            "__typename": "DeploymentRequest",
            "reference": "pristina-2034-0001",
            "marking": marking.value,
        },
        **other,
    }


def events(content: bytes) -> list[Any]:
    return list(Calendar.from_ical(content).walk("VEVENT"))


@pytest.mark.parametrize("marking", Marking)
def test_an_entry_says_as_much_as_its_marking_allows(marking: Marking) -> None:
    content = calendar([item(marking)], ADDRESS)
    found = events(content)
    if marking is Marking.RED:
        assert found == []
        assert b"pristina" not in content
        return
    [event] = found
    assert event["DTSTART"].dt == datetime(2035, 1, 1, 6, tzinfo=UTC)
    assert event["URL"] == f"{ADDRESS}/requests/pristina-2034-0001"
    is_open = marking in (Marking.CLEAR, Marking.GREEN)
    assert event["SUMMARY"] == ("pristina-2034-0001: begin review" if is_open else "pristina-2034-0001")
    assert event.get("DESCRIPTION") == ("It waits." if is_open else None)
    assert (b"review" in content, b"It waits" in content) == (is_open, is_open)


def test_an_incident_has_a_link_of_its_own() -> None:
    subject = {"__typename": "Incident", "reference": "kfor-i-2034-0001", "marking": "AMBER"}
    [event] = events(calendar([item(Marking.AMBER, subject=subject)], ADDRESS))
    assert event["URL"] == f"{ADDRESS}/incidents/kfor-i-2034-0001"


def test_what_is_due_at_any_time_is_in_no_calendar() -> None:
    assert events(calendar([item(Marking.CLEAR, due=None)], ADDRESS)) == []


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\\;,"), max_size=300))
def test_any_text_is_read_as_it_was_written(why: str) -> None:
    content = calendar([item(Marking.CLEAR, why=why)], ADDRESS)
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    [event] = events(content)
    assert str(event["DESCRIPTION"]) == why


def test_the_inbox_is_had_as_a_calendar(register: ApiClient) -> None:
    admin = Person("admin", "calendars")
    for code in ("calendars", "askers"):
        register.command(admin, "registerAuthority", "RegisterAuthorityInput", {"code": code, "name": code})
    mandate = {"authority": "calendars", "region": "yc", "legalBasis": "EXERCISE"}
    register.command(admin, "grantMandate", "GrantMandateInput", mandate)
    start, requester = datetime.now(UTC) + timedelta(days=3), Person("requester", "askers", (Role.REQUESTER,))
    terms = {
        "force": "EXERCISE",
        "strength": 60,
        "region": "yc",
        "purpose": "EXERCISE",
        "period": {"start": start.isoformat(), "end": (start + timedelta(days=9)).isoformat()},
    }
    references = dict[str, str]()
    for marking, recipients in (("GREEN", []), ("AMBER", []), ("RED", ["reviewer"])):
        values = {**terms, "marking": marking, "recipients": recipients}
        done = register.command(
            requester, "submitDeploymentRequest", "SubmitDeploymentRequestInput", values, "reference"
        )
        assert done["__typename"] == "DeploymentRequestRecorded", done
        references[marking] = done["reference"]
    reviewer = Person("reviewer", "calendars", (Role.REVIEWER,))
    response = register.client.get(
        "/api/inbox",
        params={"atLeast": register.position},
        headers={**register.headers(reviewer), "accept": MEDIA},
    )
    assert (response.status_code, response.headers["content-type"]) == (200, f"{MEDIA}; charset=utf-8")
    found = {str(event["SUMMARY"]) for event in events(response.content)}
    assert found == {f"{references['GREEN']}: begin review", references["AMBER"]}
    assert references["RED"] not in response.text
    as_json = register.client.get("/api/inbox", headers=register.headers(reviewer))
    assert as_json.json()["totalCount"] == 3
    assert as_json.headers["etag"] != response.headers["etag"]


@pytest.mark.parametrize("items", [[], [item(Marking.RED)], [item(Marking.CLEAR, due=None)]])
def test_a_calendar_without_entries_has_a_component_as_the_standard_wants(items: list[Any]) -> None:
    found = Calendar.from_ical(calendar(items, ADDRESS))
    assert [each.name for each in found.subcomponents] == ["VTIMEZONE"]
    assert b"TZID:UTC\r\n" in found.to_ical()
    assert [each.name for each in Calendar.from_ical(calendar([item(Marking.CLEAR)], ADDRESS)).walk()][1:] == ["VEVENT"]
