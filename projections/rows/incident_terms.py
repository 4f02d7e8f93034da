"""What an incident consists of, as the API represents it."""

from typing import Any

from domain.incident.correction import given
from domain.incident.state import Attribution, Correction, Evidence
from domain.vocabulary import camel, iso_time
from projections.rows.plain_values import person, plain
from projections.rows.value_changes import Change, differences


def piece(piece: Evidence) -> dict[str, Any]:
    return {
        "id": str(piece.id),
        "summary": plain(piece.summary),
        "marking": piece.marking.value,
        "sourceReliability": piece.source_reliability.value,
        "informationCredibility": piece.information_credibility.value,
        "sha256": piece.sha256,
        "uri": plain(piece.uri),
        "recordedAt": iso_time(piece.recorded_at),
        "recordedBy": person(piece.recorded_by),
        "withdrawn": piece.withdrawn,
        "withdrawnReason": plain(piece.withdrawn_reason),
    }


def attribution(attribution: Attribution | None) -> dict[str, Any] | None:
    if attribution is None:
        return None
    return {
        "responsibleParty": plain(attribution.responsible_party),
        "likelihood": attribution.likelihood.value,
        "confidence": attribution.confidence.value,
        "basis": plain(attribution.basis),
        "evidence": plain(attribution.evidence),
        "foundAt": iso_time(attribution.found_at),
        "foundBy": person(attribution.found_by),
        "toBeReaffirmed": attribution.to_be_reaffirmed,
        "alternatives": [plain(each) for each in attribution.alternatives],
        "changedBecause": plain(attribution.changed_because),
    }


def proposed_changes(correction: Correction) -> tuple[Change, ...]:
    """What a proposed correction would change."""
    return tuple(
        change
        for name, value in given(correction.values).items()
        for change in differences(camel(name), plain(getattr(correction.before, name)), plain(value))
    )


def correction(correction: Correction) -> dict[str, Any]:
    return {
        "id": str(correction.id),
        "state": correction.state.value,
        "changes": [plain(change) for change in proposed_changes(correction)],
        "reason": plain(correction.reason),
        "proposedBy": person(correction.proposed_by),
        "proposedAt": iso_time(correction.proposed_at),
        "settledBy": plain(correction.settled_by),
        "settledAt": plain(correction.settled_at),
        "settledReason": plain(correction.settled_reason),
    }
