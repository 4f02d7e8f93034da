"""What people do about an approval while a request lives, and what holds of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.deployment_request import commands as c
from domain.deployment_request.events import Recommendation
from domain.deployment_request.extension import AskExtension, EndorseExtension, GrantExtension
from domain.deployment_request.fulfilment import AcceptFulfilment, SendBackFulfilment
from domain.deployment_request.hearing import GiveNotice, MakeStatement
from domain.vocabulary import Actor, Text
from tests.domain import retelling
from tests.domain.case import CANAL, DAY, REQUEST, WHY, approver, investigator, requester
from tests.domain.following import settled
from tests.domain.trying import APPROVERS, RETRACT, UNTOLD, A, U, W, approvers, recommendations, requesters, reviewers
from tests.specification import MemoryRegister


class LifeOfAnApproval(RuleBasedStateMachine):
    register: MemoryRegister
    now: datetime

    @property
    def request(self) -> Any:
        return self.register.states[REQUEST]

    def give(self, command: object, by: Actor, on: Any = REQUEST) -> None:
        """The command, and all that follows by itself."""

    @precondition(lambda self: self.request.status is A)
    @rule(by=approvers)
    def confirmed(self, by: Actor) -> None:
        self.give(c.ConfirmApproval(reason=WHY), by)

    @precondition(lambda self: self.request.decision and self.request.decision.conditions)
    @rule(by=requesters)
    def reported(self, by: Actor) -> None:
        condition = self.request.decision.conditions[0].id
        self.give(c.ReportFulfilment(condition=condition, report=WHY), by)
        for settle in (SendBackFulfilment, AcceptFulfilment)[len(self.register.log) % 3 :]:
            self.give(settle(condition=condition, reason=WHY), approver)

    @precondition(lambda self: self.request.status is A)
    @rule(
        by=requesters,
        days=st.integers(-1, 100),
        votes=st.lists(st.tuples(reviewers, recommendations), min_size=1, max_size=4),
        shaken=st.sampled_from([None, None, RETRACT, UNTOLD]),
        tried_by=st.permutations(APPROVERS),
    )
    def asked_for_more_time(
        self,
        by: Actor,
        days: int,
        votes: Sequence[tuple[Actor, Recommendation]],
        shaken: object,
        tried_by: Sequence[Actor],
    ) -> None:
        """Asked, endorsed by some; perhaps a finding falls; and each who might grant it tries to."""
        self.give(AskExtension(until=self.request.expires_at + days * DAY, reason=WHY), by)
        for each, recommendation in votes:
            self.give(EndorseExtension(recommendation=recommendation, reason=WHY), each)
        if shaken is not None:
            self.give(shaken, investigator, CANAL)
        for each in tried_by:
            self.give(GrantExtension(reason=WHY), each)

    @invariant()
    def an_approval_is_questioned_exactly_where_a_ground_fell(self) -> None:
        if self.register.log and self.request.status is A:
            assert self.request.decision.is_questioned is bool(retelling.fallen_grounds(self.register.log))

    @invariant()
    def nothing_outlives_its_time(self) -> None:
        if self.register.log and self.request.status is A:
            granted = self.request.decision
            assert self.now < granted.granted_period.end
            assert granted.valid_until is None or self.now < granted.valid_until

    @invariant()
    def an_approval_ends_when_it_was_granted_and_extended_to(self) -> None:
        assert retelling.wrongly_extended(self.register.log) == []
        if self.register.log and self.request.decision and self.request.decision.granted_period:
            granted = self.request.decision
            ends = granted.granted_period.end, granted.valid_until
            assert ends == retelling.granted_ends(self.register.log)

    @precondition(lambda self: self.request.hearing_required and self.request.status in {U, W, A})
    @rule(said=st.booleans(), days=st.integers(1, 20), by=approvers, urgent=st.sampled_from([None, None, WHY]))
    def heard_and_decided(self, said: bool, days: int, by: Actor, urgent: Text | None) -> None:
        """Notice is given; a statement is made, or days pass, perhaps not all of them; and somebody decides."""
        self.give(GiveNotice(grounds=WHY, until=self.now + 10 * DAY), by)
        if said:
            self.give(MakeStatement(statement=WHY), requester)
        elif self.request.status is not A:
            self.now += days * DAY
            settled(self.register, self.now)
        decide = c.RevokeApproval if self.request.status is A else c.DenyRequest
        if len(self.register.log) % 3 == 0:
            self.give(decide(reason=WHY, urgency=urgent), by)

    @invariant()
    def nobody_is_denied_or_revoked_unheard(self) -> None:
        assert retelling.unheard(self.register.log) == []

    @invariant()
    def what_is_asked_of_an_approval_ends_with_it(self) -> None:
        if self.register.log:
            assert self.request.status is A or self.request.extension is None
