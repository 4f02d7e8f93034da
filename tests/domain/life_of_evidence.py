"""What happens to evidence and reports while a request lives: recorded, corrected, withdrawn."""

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from domain.incident import commands as i
from domain.incident.evidence import WithdrawEvidence
from domain.vocabulary import Actor, IncidentId
from tests.domain.case import WHY, investigator
from tests.domain.following import settled
from tests.domain.trying import CORRECT, RECORD, findings, incidents
from tests.specification import MemoryRegister


class LifeOfEvidence(RuleBasedStateMachine):
    register: MemoryRegister
    now: datetime

    def give(self, command: object, by: Actor, on: Any) -> None:
        """The command, and all that follows by itself."""

    @rule(on=incidents, finding=findings, at_once=st.booleans(), corrected=st.booleans())
    def found_on_evidence_that_is_withdrawn(
        self, on: IncidentId, finding: i.AttributeIncident, at_once: bool, corrected: bool
    ) -> None:
        give = partial(self.register.command, now=self.now) if at_once else self.give
        give(RECORD, investigator, on)
        if corrected:
            give(CORRECT, investigator, on)
        piece = self.register.states[on].evidence[-1].id
        give(replace(finding, evidence=(piece,)), investigator, on)
        give(WithdrawEvidence(evidence=piece, reason=WHY), investigator, on)
        settled(self.register, self.now)
