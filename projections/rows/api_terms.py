"""States and events as the API represents them, for changes and event payloads.

An authority is represented by its code, an incident by its id, a person by {subject, issuer, authority, roles}, with
onBehalfOf of a deputy. Left out is what depends on the viewer or the time, and `version` and `updatedAt`, which all
events change.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from domain.authority import Authority
from domain.deployment_request.decision import Condition, Decision
from domain.deployment_request.events import Ground
from domain.deployment_request.state import DeploymentRequest, Endorsement, Hearing, Hold
from domain.incident.state import Incident
from domain.jurisdiction import Jurisdiction, Mandate
from domain.vocabulary import AuthorityCode, camel, iso_time
from projections.rows.incident_terms import attribution, correction, piece
from projections.rows.plain_values import api_names, person, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateHolder:
    """An authority and its mandates, each in the jurisdiction of its region, folded from its own events alone."""

    code: AuthorityCode
    authority: Authority | None = None
    jurisdictions: tuple[Jurisdiction, ...] = ()

    @property
    def mandates(self) -> tuple[Mandate, ...]:
        """In the order in which they were granted, as the API lists them."""
        every = (mandate for jurisdiction in self.jurisdictions for mandate in jurisdiction.mandates)
        own = (mandate for mandate in every if mandate.authority == self.code)
        return tuple(sorted(own, key=lambda mandate: mandate.granted_at))


@dataclass(frozen=True, slots=True)
class ApiField:
    """One field of the API. parts: the values it is made from; equal parts give equal terms. convert: makes the term.

    For a list, items: the sources of its items, and convert_item: makes the term of one. Equal items give equal terms.
    """

    name: str
    parts: Callable[[Any], Any]
    convert: Callable[[Any], Any]
    items: Callable[[Any], Sequence[Any]] | None = None
    convert_item: Callable[[Any], Any] | None = None


def payload(event: object) -> dict[str, Any]:
    """An event's own data. Attributes that are None are omitted; an erased text is None."""
    return {
        spelled: plain(value) for name, spelled in api_names(type(event)) if (value := getattr(event, name)) is not None
    }


def spelled_path(path: str) -> str:
    """Converts a path from the domain's names to those of the API: 'conditions.0.due_by' to 'conditions.0.dueBy'."""
    return ".".join(camel(part) for part in path.split("."))


def _same(*attributes: str) -> tuple[ApiField, ...]:
    """Fields that the API represents as the state has them."""
    return tuple(_made(camel(name), name, _plainly(attrgetter(name))) for name in attributes)


def _plainly(get: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda state: plain(get(state))


def _made(name: str, parts: str, convert: Callable[[Any], Any]) -> ApiField:
    return ApiField(name, attrgetter(*parts.split()), convert)


def _listed(name: str, parts: str, items: Callable[[Any], Sequence[Any]], convert: Callable[[Any], Any]) -> ApiField:
    return ApiField(
        name, attrgetter(*parts.split()), lambda state: [convert(item) for item in items(state)], items, convert
    )


def _hold(hold: Hold | None) -> dict[str, Any] | None:
    if hold is None:
        return None
    return {
        "reason": plain(hold.reason),
        "awaiting": plain(hold.awaiting),
        "minimumLikelihood": hold.threshold.likelihood.value,
        "minimumConfidence": hold.threshold.confidence.value,
        "reviewBy": plain(hold.review_by),
        "heldSince": iso_time(hold.held_since),
        "heldBy": person(hold.held_by),
    }


def _endorsements(request: DeploymentRequest) -> list[tuple[Endorsement, bool]]:
    """Each endorsement, and whether it counts."""
    return [(endorsement, request.counts(endorsement)) for endorsement in request.endorsements]


def _hearing(hearing: Hearing | None) -> dict[str, Any] | None:
    said = plain(hearing)
    return said and {name: value for name, value in said.items() if name != "position"}


def _extension(request: DeploymentRequest) -> dict[str, Any] | None:
    extension = request.extension
    if extension is None:
        return None
    return {
        "until": iso_time(extension.until),
        "reason": plain(extension.reason),
        "askedAt": iso_time(extension.asked_at),
        "askedBy": person(extension.asked_by),
        "endorsements": [_endorsement((each, request.counts(each))) for each in extension.endorsements],
    }


def _endorsement(pair: tuple[Endorsement, bool]) -> dict[str, Any]:
    endorsement, counts = pair
    return {
        "by": person(endorsement.by),
        "recommendation": endorsement.recommendation.value,
        "reason": plain(endorsement.reason),
        "revision": endorsement.revision,
        "endorsedAt": iso_time(endorsement.endorsed_at),
        "counts": counts,
    }


def _decision(decision: Decision | None) -> dict[str, Any] | None:
    if decision is None:
        return None
    return {
        "outcome": decision.outcome.value,
        "reason": plain(decision.reason),
        "decidedAt": iso_time(decision.decided_at),
        "decidedBy": person(decision.decided_by),
        "conditions": [_condition(condition) for condition in decision.conditions],
        "validUntil": plain(decision.valid_until),
        "grantedStrength": decision.granted_strength,
        "grantedPeriod": plain(decision.granted_period),
        "grounds": [_ground(ground) for ground in decision.grounds],
        "standing": decision.standing.value,
    }


def _condition(condition: Condition) -> dict[str, Any]:
    return {
        "id": str(condition.id),
        "text": plain(condition.text),
        "dueBy": plain(condition.due_by),
        "fulfilled": condition.is_fulfilled,
        "fulfilmentReport": plain(condition.fulfilment_report),
        "fulfilledAt": plain(condition.fulfilled_at),
        "state": condition.state.value,
        "sentBackReason": plain(condition.sent_back_reason),
        "acceptedAt": plain(condition.accepted_at),
        "acceptedBy": plain(condition.accepted_by),
    }


def _ground(ground: Ground) -> dict[str, Any]:
    return {
        "incident": str(ground.incident),
        "responsibleParty": plain(ground.responsible_party),
        "likelihood": ground.likelihood.value,
        "confidence": ground.confidence.value,
    }


def _mandate(mandate: Mandate) -> dict[str, Any]:
    return {
        "region": mandate.region,
        "legalBasis": mandate.legal_basis,
        "endorsementsRequired": mandate.endorsements_required,
        "deliberationsInternal": mandate.deliberations_internal,
        "answerWithinDays": mandate.answer_within_days,
        "hearing": mandate.hearing,
        "validFrom": iso_time(mandate.valid_from),
        "validUntil": plain(mandate.valid_until),
    }


TERMS: Final[Mapping[type[Any], tuple[ApiField, ...]]] = {
    DeploymentRequest: (
        *_same("id", "reference", "status", "revision", "requesting_authority", "deciding_authority", "force"),
        *_same("strength", "region", "purpose", "period", "marking", "recipients", "incidents"),
        _made("hold", "hold", lambda request: _hold(request.hold)),
        *_same("assigned_to", "endorsements_required", "endorsements_counted"),
        _listed("endorsements", "endorsements revision recusals", _endorsements, _endorsement),
        _made("decision", "decision", lambda request: _decision(request.decision)),
        _made("hearing", "hearing", lambda request: _hearing(request.hearing)),
        _made("extension", "extension recusals", _extension),
        *_same("submitted_by", "submitted_at", "answer_by"),
    ),
    Incident: (
        *_same("id", "reference", "kind", "description", "region", "location", "occurred_at", "reported_at"),
        *_same("reported_by", "marking", "recipients"),
        _made("attributionStatus", "status", lambda incident: incident.status.value),
        _made("attribution", "attribution", lambda incident: attribution(incident.attribution)),
        _listed("evidence", "evidence", attrgetter("evidence"), piece),
        _listed("dissents", "dissents", attrgetter("dissents"), plain),
        _listed("corrections", "corrections", attrgetter("corrections"), correction),
        *_same("referred_to"),
        _listed("referrals", "referrals", attrgetter("referrals"), plain),
    ),
    MandateHolder: (
        _made("id", "authority", lambda holder: str(holder.authority.id) if holder.authority else None),
        _made("code", "authority", lambda holder: holder.authority.code if holder.authority else None),
        _made("name", "authority", lambda holder: holder.authority.name if holder.authority else None),
        _made("auditsEverything", "authority", lambda holder: holder.authority and holder.authority.audits_everything),
        _listed("mandates", "jurisdictions", attrgetter("mandates"), _mandate),
    ),
}
