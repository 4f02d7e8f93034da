"""The case: facts with their sources, then an exercise with invented parties.

Sources: a news digest, from which the project started, for the request, the withholding and its reason; RFE/RL,
1 December 2024, for date, place, the canal's name and KFOR's part. Everything marked EXERCISE is invented.
"""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from domain.vocabulary import Role, iso_time
from service.cli.demo.client import Client, UnexpectedRefusal

Say = Callable[[str, str, str], None]
"""Callback (who, what, source) for each step."""

DIGEST: Final = "news digest"
PRESS: Final = "RFE/RL, 1 December 2024"
EXERCISE: Final = "EXERCISE"
PATIENCE: Final = 20.0
POLL_INTERVAL: Final = 0.1
"""Timeout for actions of the register itself, and the polling interval, in seconds."""

PEOPLE: Final[Mapping[str, tuple[str, str, tuple[Role, ...]]]] = {
    "clerk": ("Clerk of the register", "secretariat", (Role.ADMINISTRATOR,)),
    "requester": ("Official in Pristina", "pristina", (Role.REQUESTER,)),
    "engineer": ("Canal engineer in Pristina", "pristina", (Role.REQUESTER,)),
    "reviewer": ("Reviewing officer", "kfor", (Role.REVIEWER,)),
    "second-reviewer": ("Second reviewing officer", "kfor", (Role.REVIEWER,)),
    "investigator": ("Investigating officer", "kfor", (Role.INVESTIGATOR,)),
    "approver": ("Approving officer", "kfor", (Role.APPROVER,)),
    "duty-officer": ("Duty officer", "kfor", (Role.APPROVER,)),
    "auditor": ("Auditor", "kfor", (Role.AUDITOR,)),
}

ANSWER_WITHIN_DAYS: Final = 5
"""Invented, as is the number of endorsements that a mandate requires."""
LEGAL_BASIS: Final = "UNSCR 1244 (1999); Military Technical Agreement, 9 June 1999"
LEGAL_BASIS_NORTH: Final = f"{LEGAL_BASIS}; letter of 19 April 2013 on the KSF in the north"


class DemoCase:
    """Plays the case step by step. Idempotency keys contain the date: two runs on one day record it once."""

    def __init__(self, people: Mapping[str, Client], say: Say) -> None:
        self._people = people
        self._say = say
        self._today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self._step = 0
        self.incident = ""
        self.request = ""
        self.position = "0"

    def tell_what_happened(self) -> None:
        """The facts: from the incident to the withholding."""
        self._set_up()
        answer = self._do(
            "requester", "reports the incident", PRESS, "reportIncident", "ReportIncidentInput", "incident",
            kind="explosion",
            description="An explosion damaged the Ibar-Lepenac / Ibër-Lepenc canal near Varage / Varagë, Zubin Potok, "
            "on 29 November 2024 (RFE/RL, 1 December 2024). The hour is not given.",
            region="xk/north/zubin-potok", occurredAt="2024-11-29T00:00:00Z", marking="GREEN",
        )  # fmt: skip
        self.incident = answer["incident"]["id"]
        start = self._today + timedelta(days=7)
        answer = self._do(
            "requester", "asks for the Kosovo Security Force to be let deploy", DIGEST,
            "submitDeploymentRequest", "SubmitDeploymentRequestInput", "deploymentRequest",
            force="Kosovo Security Force", strength=120, region="xk/north/zubin-potok",
            purpose="To secure the canal's surroundings and its repair. (That a deployment was asked for is from the "
            "digest; strength, period and this purpose are invented for the EXERCISE.)",
            period={"start": iso_time(start), "end": iso_time(start + timedelta(days=90))},
            incidents=[self.incident], marking="GREEN",
        )  # fmt: skip
        self.request = answer["deploymentRequest"]["id"]
        self._decide(
            "reviewer", "takes the request up", DIGEST, "beginReview", reason="NATO was asked to authorize it."
        )
        self._do(
            "reviewer", "withholds it pending attribution", f"{DIGEST}; {PRESS}",
            "withholdDeploymentRequest", "WithholdDeploymentRequestInput", "deploymentRequest",
            id=self.request, awaiting=[self.incident], minimumLikelihood="LIKELY", minimumConfidence="MODERATE",
            reason="It is first to be determined who is responsible; NATO would then work with the appropriate "
            "authorities (digest). KFOR's own words of 1 December 2024 give its security assessment as the reason.",
        )  # fmt: skip

    def go_on_as_an_exercise(self) -> None:
        """The invented part: from the corrected place to the extended approval."""
        self._correct_the_place()
        self._find_who_was_responsible()
        self._decide_on_it()
        self._question_it()
        self._extend_it()

    def _set_up(self) -> None:
        """Enters authorities and mandates, unless they exist."""
        for code, name, source in (
            ("secretariat", "Secretariat of the register (invented)", EXERCISE),
            ("kfor", "KFOR", PRESS),
            ("pristina", "Pristina", DIGEST),
            ("exercise-police", "EXERCISE police service (invented)", EXERCISE),
        ):
            self._enter(f"registers '{code}'", source, "registerAuthority", "RegisterAuthorityInput",
                        code=code, name=name)  # fmt: skip
        for region, basis in (("xk", LEGAL_BASIS), ("xk/north", LEGAL_BASIS_NORTH)):
            self._enter(f"enters KFOR's mandate over '{region}'", basis, "grantMandate", "GrantMandateInput",
                        authority="kfor", region=region, legalBasis=basis, endorsementsRequired=1,
                        answerWithinDays=ANSWER_WITHIN_DAYS, validFrom="1999-06-10T00:00:00Z")  # fmt: skip

    def _enter(self, what: str, source: str, mutation: str, input_type: str, **values: Any) -> None:
        try:
            self._people["clerk"].command(mutation, input_type, "authority", values)
        except UnexpectedRefusal:
            if not self._is_entered(**values):
                raise
            what += ": it is there already"
        self._say("clerk", what, source)

    def _is_entered(self, *, code: str = "", authority: str = "", region: str | None = None, **_: Any) -> bool:
        """Whether an authority, or its mandate over the region, exists."""
        document = "query ($code: String!) { authority(code: $code) { mandates { region } } }"
        found = self._people["clerk"].query(document, code=code or authority)["authority"]
        return found is not None and region in (None, *(mandate["region"] for mandate in found["mandates"]))

    def _correct_the_place(self) -> None:
        """Somebody else than its author proposes a correction, and an investigator of the place accepts it."""
        self._do(
            "engineer", "proposes to correct the place of the incident", EXERCISE, "proposeCorrection",
            "CorrectIncidentInput", "incident", incident=self.incident, region="xk/north/zubin-potok/varage",
            location={"latitude": 42.9, "longitude": 20.7, "description": "EXERCISE: invented coordinates."},
            reason="EXERCISE: the breach is at the village itself.",
        )  # fmt: skip
        [correction] = self._of_incident("investigator", "corrections { id }")["corrections"]
        self._do(
            "investigator", "accepts the correction", EXERCISE, "settleCorrection", "SettleCorrectionInput",
            "incident", incident=self.incident, correction=correction["id"], accept=True,
            reason="EXERCISE: it was seen on the spot.",
        )  # fmt: skip

    def _find_who_was_responsible(self) -> None:
        for summary, reliability, credibility in (
            ("EXERCISE: remains of a charge, examined by an invented laboratory.", "B", "TWO"),
            ("EXERCISE: an account of a witness who cannot be judged.", "F", "SIX"),
        ):
            self._do(
                "investigator", f"records evidence graded {reliability} and {credibility.lower()}", EXERCISE,
                "recordEvidence", "RecordEvidenceInput", "incident", incident=self.incident, summary=summary,
                sourceReliability=reliability, informationCredibility=credibility,
            )  # fmt: skip
        evidence = [piece["id"] for piece in self._of_incident("investigator", "evidence { id }")["evidence"]]
        self._do(
            "investigator", "attributes the incident to an invented party, on both", EXERCISE,
            "attributeIncident", "AttributeIncidentInput", "incident", incident=self.incident,
            responsibleParty="EXERCISE group Heron (invented)", likelihood="LIKELY", confidence="MODERATE",
            basis="EXERCISE: the remains match what the invented group used before.", evidence=evidence,
        )  # fmt: skip
        self._do(
            "investigator", "refers it to an authority for action", EXERCISE, "referIncident", "ReferIncidentInput",
            "incident", incident=self.incident, authority="exercise-police", reason="EXERCISE: for prosecution.",
        )  # fmt: skip

    def _decide_on_it(self) -> None:
        self._await("ReviewResumed", "releases the hold by itself, to review: a finding suffices")
        self._do(
            "requester", "amends the request", EXERCISE, "amendDeploymentRequest", "AmendDeploymentRequestInput",
            "deploymentRequest", id=self.request, strength=80, reason="EXERCISE: fewer suffice.",
        )  # fmt: skip
        self._do(
            "second-reviewer", "endorses revision 2", EXERCISE, "endorseDeploymentRequest",
            "EndorseDeploymentRequestInput", "deploymentRequest", id=self.request, recommendation="APPROVE",
            reason="EXERCISE: proportionate to the damage.",
        )  # fmt: skip
        self._say("the register", f"lists it in the approver's inbox, {self._due_for_approver()}", EXERCISE)
        self._do(
            "approver", "approves, in time, less than was asked for, on a condition", EXERCISE,
            "approveDeploymentRequest", "ApproveDeploymentRequestInput", "deploymentRequest", id=self.request,
            strength=60, reason="EXERCISE: sixty are enough for the repair.",
            conditions=[{"text": "EXERCISE: liaison with KFOR is set up before the first movement."}],
        )  # fmt: skip
        decision = self._of_request("requester", "decision { conditions { id } }")["decision"]
        self._do(
            "requester", "reports the condition fulfilled", EXERCISE, "reportFulfilment", "ReportFulfilmentInput",
            "deploymentRequest", id=self.request, condition=decision["conditions"][0]["id"],
            report="EXERCISE: liaison officers exchanged.",
        )  # fmt: skip

    def _await(self, event: str, what: str) -> None:
        """Waits for an event that the register records by itself. Raises UnexpectedRefusal on a timeout."""
        deadline = time.monotonic() + PATIENCE
        while event not in self._recorded():
            if time.monotonic() > deadline:
                raise UnexpectedRefusal(f"no {event} was recorded within {PATIENCE:.0f} s: does a worker run?")
            time.sleep(POLL_INTERVAL)
        self._say("the register", what, EXERCISE)

    def _question_it(self) -> None:
        """Retracts the finding, so that the approval is questioned, and confirms the approval."""
        self._do(
            "investigator", "retracts the finding", EXERCISE, "retractAttribution", "RetractAttributionInput",
            "incident", incident=self.incident, reason="EXERCISE: the laboratory withdrew its report.",
        )  # fmt: skip
        self._await("ApprovalQuestioned", "questions the approval: the finding on which it rested fell")
        self._decide(
            "approver", "stands by the approval", EXERCISE, "confirmApproval",
            reason="EXERCISE: the repair has to be secured, whoever was responsible.",
        )  # fmt: skip

    def _extend_it(self) -> None:
        """The approver is away: their deputy grants the extension on their behalf."""
        absence = {"principal": "approver", "deputy": "duty-officer", "authority": "kfor"}
        self._do(
            "approver", "appoints the duty officer as deputy while away", EXERCISE, "appointDeputy",
            "AppointDeputyInput", "authority", **absence, roles=["APPROVER"], reason="EXERCISE: on leave.",
            **{"from": iso_time(self._today), "until": iso_time(self._today + timedelta(hours=25))},
        )  # fmt: skip
        self._do(
            "requester", "asks to extend the approval", EXERCISE, "askExtension", "AskExtensionInput",
            "deploymentRequest", id=self.request, until=iso_time(self._today + timedelta(days=127)),
            reason="EXERCISE: frost delays the repair.",
        )  # fmt: skip
        self._do(
            "second-reviewer", "endorses the extension", EXERCISE, "endorseExtension",
            "EndorseDeploymentRequestInput", "deploymentRequest", id=self.request, recommendation="APPROVE",
            reason="EXERCISE: the repair cannot be shortened.",
        )  # fmt: skip
        self._do(
            "duty-officer", "grants the extension on behalf of the approver", EXERCISE, "grantExtension",
            "DeploymentRequestCommandInput", "deploymentRequest", id=self.request, onBehalfOf="approver",
            reason="EXERCISE: on the same conditions.",
        )  # fmt: skip
        self._do(
            "approver", "is back, and ends the appointment", EXERCISE, "endDeputy", "EndDeputyInput", "authority",
            **absence, reason="EXERCISE: back from leave.",
        )  # fmt: skip

    def _due_for_approver(self) -> str:
        """Until when the request waits for the approver. A repeated run finds it decided."""
        document = """query ($at: Position) { inbox(filter: {action: ["APPROVE"]}, first: 100, atLeast: $at) {
            edges { node { due subject { id } } } } }"""
        found = self._people["approver"].query(document, at=self.position)["inbox"]["edges"]
        due = [edge["node"]["due"][:10] for edge in found if edge["node"]["subject"]["id"] == self.request]
        return f"due on {due[0]}" if due else "until it is decided"

    def _recorded(self) -> list[str]:
        """The event types of the request."""
        history = self._of_request("auditor", "history(first: 100) { edges { node { type } } }")["history"]
        return [edge["node"]["type"] for edge in history["edges"]]

    def _of_request(self, who: str, fields: str) -> Any:
        return self._read("deploymentRequest", self.request, who, fields)

    def _of_incident(self, who: str, fields: str) -> Any:
        return self._read("incident", self.incident, who, fields)

    def _read(self, subject: str, id: str, who: str, fields: str) -> Any:
        document = f"query ($id: ID, $at: Position) {{ {subject}(id: $id, atLeast: $at) {{ {fields} }} }}"
        return self._people[who].query(document, id=id, at=self.position)[subject]

    def _decide(self, who: str, what: str, source: str, mutation: str, *, reason: str) -> None:
        self._do(
            who, what, source, mutation, "DeploymentRequestCommandInput", "deploymentRequest",
            id=self.request, reason=reason,
        )  # fmt: skip

    def _do(self, who: str, what: str, source: str, mutation: str, input_type: str, subject: str, **values: Any) -> Any:
        self._step += 1
        values["idempotencyKey"] = f"demo {self._today:%Y-%m-%d} {self._step}"
        answer = self._people[who].command(mutation, input_type, subject, values)
        self.position = answer["position"]
        self._say(who, what, source)
        return answer
