"""Sections on decisions and endorsements: who decided what, on which grounds, and the result of each rule."""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.decider import Verdict
from domain.deployment_request.rules import is_undisclosed
from domain.vocabulary import Likelihood, format_time
from service.exchange.dossier.document import (
    Block,
    Cell,
    Check,
    CheckList,
    CheckResult,
    Facts,
    Section,
    Subsection,
    TextLine,
    cell,
    quiet,
    quoted,
    table,
)
from service.exchange.dossier.event_phrases import RECOMMENDED, what
from service.exchange.dossier.material import DossierEvent, Material
from service.exchange.dossier.material_reader import ACTIONS
from service.exchange.dossier.phrases import day_and_clock, likelihood, recorded
from service.exchange.dossier.timeline_section import in_order, who, words


def decisions(material: Material) -> Section | None:
    numbers = {moment.step.entry.position: number for number, moment in enumerate(in_order(material), start=1)}
    parts = tuple(
        _decision(moment, numbers[moment.step.entry.position], material)
        for moment in material.moments
        if moment.step.entry.type in ACTIONS
    )
    return Section("Decisions, their grounds and the rules", parts) if parts else None


def endorsements(material: Material) -> Section | None:
    request = material.request
    rows = [
        (
            cell(format_time(each.endorsed_at)),
            cell(material.person(each.by), quiet(material.authority(each.by.authority))),
            cell(f"for {RECOMMENDED[each.recommendation]}"),
            cell(str(each.revision), None if request.counts(each) else quiet("no longer counts")),
            cell(quoted(each.reason.value)),
        )
        for each in request.endorsements
    ]
    titles = ("When", "Who", "Recommends", "Revision", "Reason given")
    return Section("Endorsements", (table(titles, (0.9, 1, 0.7, 0.6, 1.4), rows),)) if rows else None


def _decision(moment: DossierEvent, number: int, material: Material) -> Subsection:
    first, *more = (line for line in what(moment, material) if line is not None)
    facts: list[tuple[str, Cell]] = [
        ("When", cell(", ".join(day_and_clock(moment.happened_at)), *recorded(moment))),
        ("Event", cell(f"{number} of the course of events")),
        ("Who", cell(", ".join(line.text for line in who(moment, material)))),
        ("Reason", words(moment)),
    ]
    if more:
        facts.append(("Terms", tuple(TextLine(line.text) for line in more)))
    blocks: list[Block] = [Facts(tuple(facts)), *_grounds(moment, material)]
    if moment.verdicts:
        blocks.append(
            CheckList("Results of the rules at that time, for the person who decided (“you”)", tuple(_checks(moment)))
        )
    return Subsection(first.text, tuple(blocks))


def _grounds(moment: DossierEvent, material: Material) -> Iterator[Block]:
    """The findings that were grounds of the decision, as of its time."""
    grounds = moment.step.shown.payload.get("grounds")
    if not grounds:
        return
    shown, entry = {each["incident"] for each in grounds}, moment.step.entry
    rows = [
        (
            cell(moment.step.incidents.get(each["incident"], "")),
            *_ground(each, erased=f"grounds.{index}.responsibleParty" in entry.erased),
        )
        for index, each in enumerate(entry.payload["grounds"])
        if each["incident"] in shown
    ]
    yield table(("Grounds", "Found responsible", "Likelihood", "Confidence"), (0.9, 1.3, 0.9, 0.6), rows)


def _ground(ground: Mapping[str, Any], *, erased: bool) -> tuple[Cell, Cell, Cell]:
    named = ground["responsibleParty"]
    party = quoted(named) if named is not None or erased else quiet("it cannot be determined")
    return cell(party), cell(likelihood(Likelihood(ground["likelihood"]))), cell(ground["confidence"].lower())


def _checks(moment: DossierEvent) -> Iterator[Check]:
    for verdict in moment.verdicts:
        yield Check(_result(verdict), verdict.description)


def _result(verdict: Verdict) -> CheckResult:
    if is_undisclosed(verdict):
        return CheckResult.UNDISCLOSED
    if verdict.met:
        return CheckResult.MET
    return CheckResult.NOT_MET if verdict.binding else CheckResult.OPEN
