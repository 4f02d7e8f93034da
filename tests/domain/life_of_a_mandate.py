"""What happens to the mandate over the region while a request lives, and who then takes over."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain import jurisdiction
from domain.jurisdiction import MandateEnded
from domain.vocabulary import Actor, AuthorityCode
from tests.domain import retelling
from tests.domain.case import KFOR, REQUEST, THIRD, WHY, XK, admin, approver, mandate, reviewer
from tests.domain.following import settled
from tests.domain.trying import TRIED, taker
from tests.specification import MemoryRegister, Past


class LifeOfAMandate(RuleBasedStateMachine):
    register: MemoryRegister
    now: datetime

    @property
    def request(self) -> Any:
        return self.register.states[REQUEST]

    def give(self, command: object, by: Actor, on: Any = REQUEST) -> None:
        """The command, and all that follows by itself."""

    @precondition(lambda self: len(self.register.log) % 3 == 0)
    @rule(to=st.sampled_from([KFOR, THIRD, None]), taken=st.booleans(), reviewed=st.booleans())
    def the_mandate_changes_hands(self, to: AuthorityCode | None, taken: bool, reviewed: bool) -> None:
        """Perhaps its new holder takes the request over, and begins its review."""
        self.now += timedelta(seconds=1)
        held = self.register.states[jurisdiction.stream_of(XK)].mandate(self.now)
        if held is not None:
            ended = MandateEnded(authority=held.authority, region=XK, reason=WHY, at=self.now)
            self.register.record(Past(event=ended, by=admin))
        if to is not None:
            self.register.record(mandate(of=to, valid_from=self.now))
        settled(self.register, self.now)
        for command in (TRIED["TAKE_OVER"][0], *((TRIED["BEGIN_REVIEW"][0],) if reviewed else ())) if taken else ():
            for by in (taker, approver, reviewer):
                self.give(command, by)

    @invariant()
    def whoever_is_to_take_over_is_named(self) -> None:
        if self.register.log:
            assert retelling.successor(self.register.log, self.now) == self.request.successor
