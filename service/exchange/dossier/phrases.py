"""Wording of the dossier: grades, times, periods and changes."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from domain.vocabulary import (
    AnalyticConfidence,
    InformationCredibility,
    Likelihood,
    Location,
    SourceReliability,
    format_time,
    in_words,
)
from projections.rows.value_changes import Change
from service.exchange.dossier.document import TextLine, quiet
from service.exchange.dossier.material import DossierEvent

LIKELIHOODS: Final[Mapping[Likelihood, str]] = {
    Likelihood.ALMOST_NO_CHANCE: "almost no chance",
    Likelihood.VERY_UNLIKELY: "very unlikely",
    Likelihood.UNLIKELY: "unlikely",
    Likelihood.ROUGHLY_EVEN_CHANCE: "roughly even chance",
    Likelihood.LIKELY: "likely",
    Likelihood.VERY_LIKELY: "very likely",
    Likelihood.ALMOST_CERTAIN: "almost certain",
}
PERCENT: Final[Mapping[Likelihood, str]] = dict(
    zip(
        Likelihood,
        ("1 to 5 %", "5 to 20 %", "20 to 45 %", "45 to 55 %", "55 to 80 %", "80 to 95 %", "95 to 99 %"),
        strict=True,
    )
)
CONFIDENCES: Final[Mapping[AnalyticConfidence, str]] = {each: each.value.lower() for each in AnalyticConfidence}
RELIABILITIES: Final[Mapping[SourceReliability, str]] = dict(
    zip(
        SourceReliability,
        ("completely reliable", "usually reliable", "fairly reliable", "not usually reliable", "unreliable",
         "reliability cannot be judged"),
        strict=True,
    )
)  # fmt: skip
CREDIBILITIES: Final[Mapping[InformationCredibility, str]] = dict(
    zip(
        InformationCredibility,
        ("confirmed by other sources", "probably true", "possibly true", "doubtful", "improbable",
         "truth cannot be judged"),
        strict=True,
    )
)  # fmt: skip
DIGIT: Final[Mapping[InformationCredibility, str]] = {
    each: str(number) for number, each in enumerate(InformationCredibility, start=1)
}


def likelihood(value: Likelihood) -> str:
    return f"{LIKELIHOODS[value]} ({PERCENT[value]})"


def grading(reliability: SourceReliability, credibility: InformationCredibility) -> str:
    """The grading of evidence by AJP-2.1, such as 'B2'."""
    return f"{reliability.value}{DIGIT[credibility]}"


def coordinates(location: Location) -> str:
    """'42.90000° N, 20.80000° E'."""
    north, east = location.latitude, location.longitude
    return f"{abs(north):.5f}° {'S' if north < 0 else 'N'}, {abs(east):.5f}° {'W' if east < 0 else 'E'}"


def period(start: datetime | str, end: datetime | str) -> str:
    return f"{short_time(start)} to {short_time(end)}"


def persons(strength: int) -> str:
    return "1 person" if strength == 1 else f"{strength:,} persons"


def status(value: str) -> str:
    """'Under review' for UNDER_REVIEW."""
    return in_words(value).capitalize()


def happened(moment: DossierEvent) -> Iterator[TextLine | None]:
    """The time of occurrence; for an imported event, also the time of recording."""
    day, clock = day_and_clock(moment.happened_at)
    yield TextLine(day)
    yield quiet(clock)
    yield from recorded(moment)


def recorded(moment: DossierEvent) -> Iterator[TextLine]:
    """The time of recording of an imported event."""
    entry = moment.step.entry
    if entry.occurred_at is not None:
        yield quiet(f"recorded on {format_time(entry.recorded_at)}")


def day_and_clock(instant: datetime) -> tuple[str, str]:
    """'24 November 2026' and '08:32:29 UTC'."""
    day, _, clock = format_time(instant).partition(", ")
    return day, f"{instant.astimezone(UTC):%H:%M:%S} UTC" if instant.second else clock


def changed(change: Change) -> str:
    is_time = change.path.startswith("period")
    before, after = (_value(each, is_time=is_time) for each in (change.before, change.after))
    named = "endorsements required" if change.path == "endorsementsRequired" else change.path.replace(".", " ")
    if change.path.startswith("purpose"):
        return "purpose: see the last column"
    return f"{named}: {before} → {after}" if before else f"{named}: {after}"


def _value(value: Any, *, is_time: bool) -> str:
    match value:
        case None:
            return ""
        case dict():
            return period(value["start"], value["end"])
        case str() if is_time:
            return short_time(value)
        case _:
            return str(value)


def short_time(instant: datetime | str) -> str:
    """The instant in words; midnight is omitted."""
    at = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    return format_time(at).removesuffix(", 00:00 UTC")
