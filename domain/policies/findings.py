"""Policy: a finding that rests on withdrawn evidence is to be reaffirmed."""

from typing import Final

from domain.decider import Context, is_open, step_of
from domain.incident.evidence import QuestionFinding, last_withdrawal
from domain.incident.lifecycle import STEPS
from domain.incident.state import Incident
from domain.policies.policy import Policy
from domain.vocabulary import Text


def question_finding(incident: Incident, context: Context) -> QuestionFinding | None:
    """Only says that the finding is to be reaffirmed. Until an investigator does, it releases no hold."""
    if not is_open(step_of(STEPS, QuestionFinding), incident, context):
        return None
    return QuestionFinding(
        reason=Text("Evidence on which the finding rests is withdrawn. An investigator is to make a new finding.")
    )


def withdrawal(incident: Incident, context: Context) -> int:
    return last_withdrawal(incident)


QUESTION_FINDING: Final = Policy(name="question-finding", of=Incident, react=question_finding, cause=withdrawal)
