"""Any life of a request, with several persons, two incidents, time, and all that follows by itself."""

import os
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from domain.catalogue import DEPLOYMENT_REQUEST, INCIDENT, fold
from domain.deployment_request import commands as c
from domain.deployment_request.events import Recommendation
from domain.incident import commands as i
from domain.refusals import InvalidInput
from domain.vocabulary import (
    SYSTEM,
    Actor,
    IncidentId,
    Marking,
    Period,
    Quorum,
)
from tests.domain import inboxes, retelling
from tests.domain.case import (
    BRIDGE,
    CANAL,
    DAY,
    PERIOD,
    REGISTERED,
    REQUEST,
    WHY,
    approver,
    incident,
    investigator,
    mandate,
    requester,
    reviewer,
    second_reviewer,
    submission,
)
from tests.domain.following import settled
from tests.domain.life_of_a_mandate import LifeOfAMandate
from tests.domain.life_of_an_approval import LifeOfAnApproval
from tests.domain.life_of_evidence import LifeOfEvidence
from tests.domain.trying import (
    APPOINTED,
    APPROVERS,
    EVERYBODY,
    INCIDENTS,
    RARELY,
    RETRACT,
    SOME,
    SUFFICES,
    TRIED,
    UNTOLD,
    S,
    U,
    W,
    both,
    findings,
    holds,
    incidents,
    recommendations,
    requesters,
    reviewers,
)
from tests.specification import NOW, MemoryRegister, Past

LIVES: Final = int(os.environ.get("TEST_LIVES", "30"))
ACTORS: Final = (*EVERYBODY, SYSTEM)
SAMPLE: Final = 3
"""How many of them try every action in each state: that takes nearly the whole time."""


class LifeOfARequest(LifeOfAnApproval, LifeOfAMandate, LifeOfEvidence):
    def __init__(self) -> None:
        super().__init__()
        self.register = MemoryRegister(all_at_hand=True)
        self.now: datetime = NOW
        self.tried_in: tuple[int, datetime] | None = None
        self.first_actor = 0

    def give(self, command: object, by: Actor, on: Any = REQUEST) -> None:
        self.register.command(command, by, on, self.now)
        settled(self.register, self.now)

    @initialize(
        quorum=st.integers(1, 3),
        hearing=st.booleans(),
        begun=st.sampled_from([0, 1, 1]),
        ready=st.sampled_from(["", "endorsed", "approved"]),
        found=findings,
        first_actor=st.integers(0, len(ACTORS) - 1),
    )
    def submitted(
        self, quorum: int, hearing: bool, begun: int, ready: str, found: i.AttributeIncident, first_actor: int
    ) -> None:
        self.first_actor = first_actor
        theirs = incident(BRIDGE, by=reviewer, reference="kfor-i-2024-0001", marking=Marking.AMBER)
        asked = submission(endorsements_required=Quorum(quorum), hearing=hearing)
        for past in (*REGISTERED, *APPOINTED, mandate(), incident(), theirs, asked):
            self.register.record(past)
        if begun:
            self.give(c.BeginReview(reason=WHY), reviewer)
            if ready:
                self.give(found, investigator, CANAL)
                for by in (reviewer, second_reviewer, both):
                    self.give(TRIED["ENDORSE"][0], by)
            if ready == "approved":
                self.give(TRIED["APPROVE"][0], approver)

    @rule(by=st.sampled_from(EVERYBODY), command=st.sampled_from([each for row in TRIED.values() for each in row]))
    def anything(self, by: Actor, command: object) -> None:
        if not isinstance(command, RARELY) or len(self.register.log) % 4 == 0:
            self.give(command, by)

    @precondition(lambda self: self.request.status in {S, W} or self.request.release)
    @rule(by=requesters, named=st.sampled_from([(), *SOME]))
    def amended(self, by: Actor, named: tuple[IncidentId, ...]) -> None:
        self.give(c.AmendRequest(incidents=named, reason=WHY), by)

    @precondition(lambda self: self.request.status is U)
    @rule(by=reviewers, command=holds)
    def withheld(self, by: Actor, command: c.WithholdRequest) -> None:
        self.give(command, by)

    @precondition(lambda self: self.request.status is U)
    @rule(
        votes=st.lists(st.tuples(reviewers, recommendations), max_size=4),
        unsettled_by=st.sampled_from([None, None, "an amendment", "a recusal", "a change of mind"]),
        tried_by=st.permutations(APPROVERS),
        days=st.integers(1, 200),
        conditioned=st.booleans(),
    )
    def put_to_the_vote(
        self,
        votes: Sequence[tuple[Actor, Recommendation]],
        unsettled_by: str | None,
        tried_by: Sequence[Actor],
        days: int,
        conditioned: bool,
    ) -> None:
        """Endorsed by some; perhaps something changes; and each who might approve tries to."""
        for by, recommendation in votes:
            self.give(c.EndorseRequest(recommendation=recommendation, reason=WHY), by)
        if unsettled_by == "an amendment":
            self.give(TRIED["AMEND"][0], requester)
        if unsettled_by == "a recusal" and votes:
            self.give(TRIED["RECUSE"][0], votes[0][0])
        if unsettled_by == "a change of mind" and votes:
            self.give(TRIED["CHANGE_ENDORSEMENT"][len(votes) % 2], votes[0][0])
        conditions = (c.NewCondition(text=WHY, due_by=NOW + DAY),) if conditioned else ()
        period = Period(start=PERIOD.start, end=PERIOD.start + days / 2 * DAY)
        until = self.now + days * DAY
        approval = c.ApproveRequest(reason=WHY, period=period, conditions=conditions, valid_until=until)
        for by in tried_by:
            self.give(approval, by)

    # What becomes known, and time

    @rule(on=incidents, command=findings)
    def attributed(self, on: IncidentId, command: i.AttributeIncident) -> None:
        self.give(command, investigator, on)

    @precondition(lambda self: any(self.register.states[on].attribution for on in INCIDENTS))
    @rule(on=incidents)
    def retracted(self, on: IncidentId) -> None:
        self.give(RETRACT, investigator, on)

    @rule(on=incidents, finding=findings, first=st.sampled_from([RETRACT, UNTOLD]))
    def found_and_found_again_before_anything_follows(self, on: IncidentId, finding: object, first: object) -> None:
        for command in (first, finding):
            self.register.command(command, investigator, on, self.now)
        settled(self.register, self.now)

    @precondition(lambda self: self.request.status is U)
    @rule(hold=holds, kept=st.sampled_from([None, *SOME]), on=incidents, then=st.sampled_from([RETRACT, UNTOLD]))
    def held_released_and_lost(self, hold: object, kept: Any, on: IncidentId, then: object) -> None:
        """A hold whose findings come in; perhaps an incident is dropped; and one of the findings falls."""
        self.give(hold, reviewer)
        for each in INCIDENTS:
            self.give(SUFFICES, investigator, each)
        if kept is not None:
            self.give(c.AmendRequest(incidents=kept, reason=WHY), requester)
        self.give(then, investigator, on)

    @rule(days=st.integers(1, 40))
    def time_passes(self, days: int) -> None:
        self.now += days * DAY
        settled(self.register, self.now)

    @rule(
        first=st.sampled_from([0, 1]),
        by=st.sampled_from((reviewer, approver, both)),
        command=st.one_of(holds, st.sampled_from([TRIED[a][0] for a in ("APPROVE", "CONFIRM", "RESUME_REVIEW")])),
        on=incidents,
        finding=st.one_of(findings, st.just(RETRACT)),
    )
    def at_the_same_moment(self, first: int, by: Actor, command: object, on: IncidentId, finding: object) -> None:
        """Both are decided on what was there before either, and are recorded in either order."""
        acts = [(command, by, REQUEST), (finding, investigator, on)]
        answers = [(self.register.judge(*act, self.now), act) for act in acts]
        for answer, (_, actor, stream) in (answers[first], answers[1 - first]):
            for event in answer if isinstance(answer, tuple) else ():
                self.register.record(Past(event=event, by=actor, on=stream, at=self.now))
        settled(self.register, self.now)

    # What holds after every step and all that follows from it

    @invariant()
    def nothing_is_approved_without_its_endorsements(self) -> None:
        assert retelling.unendorsed_approvals(self.register.log) == []

    @invariant()
    def nobody_decides_who_is_interested(self) -> None:
        assert retelling.decided_by_the_interested(self.register.log) == []

    @invariant()
    def nothing_is_held_once_its_hold_is_met(self) -> None:
        if self.register.log and self.request.status is W:
            assert not retelling.is_met(self.register.log)

    @invariant()
    def nothing_is_released_by_itself_before(self) -> None:
        assert retelling.unmet_releases(self.register.log) == []

    @invariant()
    def decisions_rest_on_the_findings_that_stand(self) -> None:
        assert retelling.wrong_grounds(self.register.log) == []

    @invariant()
    def the_register_holds_again_only_what_it_released_on_the_same_terms(self) -> None:
        assert list(retelling.groundless_holds(self.register.log)) == []

    @invariant()
    def no_review_goes_on_by_a_release_that_lost_its_ground(self) -> None:
        if self.register.log and self.request.status is U:
            assert retelling.lost_releases(self.register.log) == set()

    @invariant()
    def a_state_is_the_fold_of_its_events(self) -> None:
        if self.register.log:
            assert fold(DEPLOYMENT_REQUEST, self.register.history(REQUEST)) == self.request
            for each in INCIDENTS:
                assert fold(INCIDENT, self.register.history(each)) == self.register.states[each]

    @invariant()
    def what_is_offered_what_is_explained_and_what_comes_of_trying_agree(self) -> None:
        for actor in self.next_actors():
            outlooks = self.register.explain(actor, REQUEST, self.now)
            offered = self.register.available(actor, REQUEST, self.now)
            assert offered == tuple(action for action, outlook in outlooks.items() if outlook.available)
            assert inboxes.listed(self.register, actor, self.now) == inboxes.expected(self.register, actor, self.now)
            for action, commands in TRIED.items():
                for command in commands:
                    answer = self.register.tried(command, actor, REQUEST, self.now)
                    fits = isinstance(answer, tuple | InvalidInput)
                    assert fits is (action in offered), (actor.subject, command, answer)

    def next_actors(self) -> Sequence[Actor]:
        """Nobody in a state in which somebody has tried already."""
        state = len(self.register.log), self.now
        if not self.register.log or state == self.tried_in:
            return ()
        self.tried_in = state
        self.first_actor += SAMPLE
        return [ACTORS[(self.first_actor + each) % len(ACTORS)] for each in range(SAMPLE)]


# Where it fails, hypothesis takes minutes to find the shortest life that does.
TestLifeOfARequest = pytest.mark.slow(pytest.mark.timeout(900)(LifeOfARequest.TestCase))
TestLifeOfARequest.settings = settings(max_examples=LIVES, stateful_step_count=40)
