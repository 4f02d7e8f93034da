"""Why a request is where it is and what would let it move: sentences for an official, from the table that decides."""

from dataclasses import replace
from uuid import UUID

import pytest

from domain.decider import Context, Verdict, explain
from domain.deployment_request import rules
from domain.deployment_request.events import FulfilmentReported, Recommendation
from domain.deployment_request.lifecycle import STEPS
from domain.jurisdiction import MandateEnded
from domain.vocabulary import (
    SYSTEM,
    Actor,
    AnalyticConfidence,
    Likelihood,
    Marking,
    Quorum,
    Role,
)
from tests.domain.case import (
    APPROVED,
    BRIDGE,
    CANAL,
    CONDITION,
    ENDORSED,
    KFOR,
    NOWHERE,
    PLACE,
    REPORTED,
    REQUEST,
    SUBMITTED,
    THIRD,
    UNDER_REVIEW,
    WHY,
    WITHHELD,
    XK,
    admin,
    amendment,
    approval,
    approver,
    auditor,
    begun,
    condition,
    endorsement,
    finding,
    ground,
    incident,
    mandate,
    questioned,
    recusal,
    requester,
    retraction,
    reviewer,
    second_reviewer,
    submission,
    third_reviewer,
    withheld,
)
from tests.specification import NOW, Past, given

Rules = list[tuple[str, bool, str]]


def explained(*past: Past, action: str, to: Actor = auditor) -> Rules:
    """The rules of one action, but for those of who may take it."""
    verdicts = given(*past).register.explain(to, REQUEST)[action].verdicts
    permission = {"ROLE", "RECUSED", "INTERESTED"}
    return [(verdict.rule, verdict.met, verdict.description) for verdict in verdicts if verdict.rule not in permission]


COVERED = ("MANDATE", True, "A mandate of kfor covers xk/north/zubin-potok.")
IN_TIME = ("PERIOD", True, "The requested period ends on 15 June 2025, 00:00 UTC.")
LACKING = "that an approval needs: a reviewer of kfor who is neither recused nor interested can endorse it."


def test_what_an_approval_lacks() -> None:
    assert explained(*UNDER_REVIEW, action="APPROVE") == [
        COVERED,
        IN_TIME,
        ("ENDORSEMENTS", False, f"0 of 1 endorsement of revision 1 {LACKING}"),
        ("MAJORITY", False, "0 for approval and 0 against: it takes more for than against."),
    ]
    two = (*REPORTED, submission(endorsements_required=Quorum(2)), begun, amendment, amendment)
    assert explained(*two, endorsement(revision=3), action="APPROVE")[2] == (
        "ENDORSEMENTS", False, f"1 of 2 endorsements of revision 3 {LACKING}",
    )  # fmt: skip


def test_what_an_approval_has() -> None:
    assert explained(*ENDORSED, action="APPROVE") == [
        COVERED,
        IN_TIME,
        ("ENDORSEMENTS", True, "1 of 1 endorsement of revision 1 that an approval needs."),
        ("MAJORITY", True, "1 for approval and 0 against: it takes more for than against."),
    ]
    more = (*ENDORSED, endorsement(second_reviewer), endorsement(third_reviewer, Recommendation.DENY))
    assert explained(*more, action="APPROVE")[2:] == [
        ("ENDORSEMENTS", True, "2 endorsements of revision 1, where an approval needs 1."),
        ("MAJORITY", True, "2 for approval and 1 against: it takes more for than against."),
    ]


def test_the_rules_rest_on_events() -> None:
    register = given(*SUBMITTED, begun, amendment, endorsement(revision=2)).register
    rests = {
        verdict.rule: [type(register.log[position - 1].event).__name__ for position in verdict.rests_on]
        for verdict in register.explain(auditor, REQUEST)["APPROVE"].verdicts
    }
    assert rests == {
        "ROLE": [],
        "RECUSED": [],
        "INTERESTED": [],
        "MANDATE": ["MandateGranted"],
        "PERIOD": ["RequestAmended"],
        "ENDORSEMENTS": ["RequestAmended", "RequestEndorsed"],
        "MAJORITY": ["RequestEndorsed"],
    }


def test_a_missing_mandate_rests_on_what_ended_it_or_on_the_grant_that_ran_out() -> None:
    ended = Past(event=MandateEnded(authority=KFOR, region=XK, reason=WHY, at=NOW), by=admin)
    nearer = mandate(PLACE, valid_until=NOW)
    for history, names in (
        ((*UNDER_REVIEW, ended), ["MandateEnded"]),
        ((*UNDER_REVIEW, ended, nearer), ["MandateGranted", "MandateEnded"]),
        ((*UNDER_REVIEW, ended, mandate(of=THIRD, valid_from=NOW)), ["MandateEnded"]),
        ((*UNDER_REVIEW, ended, mandate(PLACE, valid_from=NOW)), ["MandateGranted"]),
    ):
        register = given(*history).register
        (verdict,) = (v for v in register.explain(auditor, REQUEST)["APPROVE"].verdicts if v.rule == "MANDATE")
        assert [type(register.log[position - 1].event).__name__ for position in verdict.rests_on] == names


def test_interest_and_recusal_rest_on_what_made_them() -> None:
    turncoat = replace(requester, authority=KFOR, roles=(Role.APPROVER, Role.REVIEWER))
    recused = replace(recusal, by=turncoat)
    register = given(*UNDER_REVIEW, amendment, recused).register
    verdicts = {verdict.rule: verdict for verdict in register.explain(turncoat, REQUEST)["APPROVE"].verdicts}
    names = {rule: [type(register.log[p - 1].event).__name__ for p in v.rests_on] for rule, v in verdicts.items()}
    assert names["INTERESTED"] == ["RequestSubmitted", "RequestAmended"]
    assert names["RECUSED"] == ["ReviewerRecused"]
    assert (verdicts["INTERESTED"].subject, verdicts["RECUSED"].subject) == ("requester", "requester")


DISCRETION = (
    "DISCRETION",
    True,
    (
        "A reviewer of kfor may resume the review at any time, with a reason; "
        "the register does so by itself once every awaited incident has a finding that suffices."
    ),
)


@pytest.mark.parametrize(
    ("found", "verdicts"),
    [
        ((), [("HOLD", False, "The hold awaits a finding on pristina-i-2024-0001, which has none.")]),
        (
            (finding(party=None),),
            [
                (
                    "HOLD",
                    False,
                    (
                        "The hold awaits a finding on pristina-i-2024-0001 that names who is responsible: "
                        "the current one does not."
                    ),
                )
            ],
        ),
        (
            (finding(likelihood=Likelihood.ROUGHLY_EVEN_CHANCE, confidence=AnalyticConfidence.HIGH),),
            [
                (
                    "HOLD_LIKELIHOOD",
                    False,
                    "Likelihood of the finding on pristina-i-2024-0001: has ROUGHLY EVEN CHANCE, needs LIKELY.",
                ),
                (
                    "HOLD_CONFIDENCE",
                    True,
                    "Confidence in the finding on pristina-i-2024-0001: has HIGH, needs MODERATE.",
                ),
            ],
        ),
    ],
    ids=["none", "inconclusive", "weak"],
)
def test_what_a_hold_awaits(found: tuple[Past, ...], verdicts: Rules) -> None:
    assert explained(*WITHHELD, *found, action="RESUME_REVIEW") == [DISCRETION, *verdicts]


def test_what_a_hold_awaits_of_an_incident_that_one_may_not_see_is_not_reported() -> None:
    hidden = incident(BRIDGE, by=reviewer, reference="kfor-i-2024-0001", marking=Marking.AMBER)
    for found in ((), (finding(on=BRIDGE),), (finding(party=None, on=BRIDGE),)):
        history = (*UNDER_REVIEW, hidden, withheld(BRIDGE), *found)
        assert explained(*history, action="RESUME_REVIEW", to=requester) == [
            DISCRETION,
            ("HOLD", False, "The hold awaits a finding on an incident that you may not see."),
        ]
        outlook = given(*history).register.explain(requester, REQUEST)["RESUME_REVIEW"]
        assert {verdict.subject for verdict in outlook.verdicts} <= {None, "requester"}
        assert len({verdict.rests_on for verdict in outlook.verdicts[-2:]}) == 1
        assert (outlook.possible, outlook.available) == (True, False)
        assert "kfor-i-2024-0001" in explained(*history, action="RESUME_REVIEW", to=reviewer)[1][2]


@pytest.mark.parametrize("who", [requester, reviewer])
@pytest.mark.parametrize(
    ("seen", "named"), [(frozenset({BRIDGE}), "kfor-i-2024-0001"), (frozenset(), "an incident that you may not see")]
)
def test_of_a_past_hold_it_is_reported_what_may_be_seen_now(who: Actor, seen: frozenset[UUID], named: str) -> None:
    hidden = incident(BRIDGE, by=reviewer, reference="kfor-i-2024-0001", marking=Marking.AMBER)
    register = given(*UNDER_REVIEW, hidden, withheld(BRIDGE)).register
    state = register.states[REQUEST]
    outlooks = register.ask(lambda context: explain(STEPS, state, replace(context, seen=seen)), who, REQUEST)
    verdicts = next(outlook.verdicts for outlook in outlooks if outlook.action == "RESUME_REVIEW")
    assert named in verdicts[-1].description


def test_a_hold_binds_the_register_and_no_reviewer() -> None:
    register = given(*WITHHELD).register
    assert "RESUME_REVIEW" in register.available(reviewer, REQUEST)
    as_register = register.explain(SYSTEM, REQUEST)["RESUME_REVIEW"]
    by_itself, awaits = (verdict.description for verdict in as_register.verdicts)
    assert by_itself.startswith("The register may do this by itself; otherwise this takes a reviewer of kfor who is")
    assert awaits == "The hold awaits a finding on pristina-i-2024-0001, which has none."
    assert (as_register.available, as_register.possible) == (False, True)


def test_a_hold_rests_on_the_event_that_placed_it_and_on_the_finding() -> None:
    register = given(*WITHHELD, finding()).register
    for verdict in register.explain(auditor, REQUEST)["RESUME_REVIEW"].verdicts:
        if verdict.rule == "DISCRETION":
            assert verdict.rests_on == (register.states[REQUEST].hold.position,)
        if verdict.rule.startswith("HOLD"):
            names = [type(register.log[position - 1].event).__name__ for position in verdict.rests_on]
            assert names == ["RequestWithheld", "IncidentAttributed"]
            assert verdict.subject == str(register.states[REQUEST].hold.awaiting[0])


def test_whether_one_has_endorsed() -> None:
    assert explained(*UNDER_REVIEW, action="ENDORSE", to=reviewer) == [
        ("ENDORSED_ONCE", True, "You have not endorsed revision 1: each person endorses a revision once.")
    ]
    assert explained(*ENDORSED, action="ENDORSE", to=reviewer) == [
        ("ENDORSED_ONCE", False, "You have endorsed revision 1: each person endorses a revision once.")
    ]
    register = given(*ENDORSED).register
    outlook = register.explain(reviewer, REQUEST)["ENDORSE"]
    assert outlook.verdicts[-1].rests_on == (register.states[REQUEST].endorsements[0].position,)
    assert (outlook.possible, outlook.available) == (True, False)


def test_whether_an_approval_is_questioned() -> None:
    resting = (*ENDORSED, finding(), approval(ground(2)), retraction())
    assert explained(*resting, questioned, action="CONFIRM") == [
        (
            "QUESTIONED",
            True,
            (
                "The approval is questioned, since a finding on which it rests has fallen: "
                "it is to be confirmed or revoked."
            ),
        )
    ]
    register = given(*resting, questioned).register
    assert register.explain(auditor, REQUEST)["CONFIRM"].verdicts[-1].rests_on == (register.log[-1].position,)
    assert given(*APPROVED).register.explain(auditor, REQUEST)["CONFIRM"].verdicts[-1].rests_on == ()
    assert explained(*APPROVED, action="CONFIRM") == [
        ("QUESTIONED", False, "The approval is not questioned: only a questioned approval can be confirmed.")
    ]
    assert not given(*APPROVED).register.explain(approver, REQUEST)["CONFIRM"].possible


def test_which_conditions_are_open() -> None:
    conditioned = (*ENDORSED, approval(conditions=(condition, replace(condition, id=NOWHERE))))  # type: ignore[arg-type]
    done = Past(event=FulfilmentReported(condition=CONDITION, report=WHY), by=requester)
    other = Past(event=FulfilmentReported(condition=NOWHERE, report=WHY), by=requester)  # type: ignore[arg-type]
    texts = [explained(*conditioned, *more, action="REPORT_FULFILMENT")[0][1:] for more in ((), (done,), (done, other))]
    assert texts == [
        (True, "Conditions of the approval not yet reported as fulfilled: 2 of 2."),
        (True, "Conditions of the approval not yet reported as fulfilled: 1 of 2."),
        (False, "Every condition of the approval is reported as fulfilled."),
    ]


def test_visibility_can_be_judged_as_of_another_time_than_the_rules() -> None:
    register = given(*WITHHELD).register
    request = register.states[REQUEST]
    for seen, is_named in ((frozenset[UUID](), False), (frozenset({CANAL}), True)):

        def explained_then(context: Context, seen: frozenset[UUID] = seen) -> tuple[Verdict, ...]:
            return rules.hold_is_met(request, replace(context, seen=seen))

        verdicts = register.ask(explained_then, auditor, REQUEST)
        assert ("pristina-i-2024-0001" in verdicts[1].description) is is_named
