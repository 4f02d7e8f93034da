"""Section on the requested and the granted terms."""

from collections.abc import Iterable, Iterator

from domain.deployment_request.decision import Condition
from domain.deployment_request.state import DeploymentRequest
from domain.vocabulary import Text, format_time
from service.exchange.dossier.document import Block, Cell, Facts, Section, Subsection, cell, quiet, quoted, table, term
from service.exchange.dossier.material import Material
from service.exchange.dossier.phrases import period, persons


def terms(material: Material) -> Section:
    first = material.moments[0].step.state
    request = material.request
    blocks: list[Block | Subsection] = [_compared(first, request), Facts(tuple(_purpose(first, request)))]
    if request.incidents:
        blocks.append(Facts((("Rests on", _incidents(material)),)))
    if request.decision is not None and request.decision.conditions:
        blocks.append(Subsection("Conditions of the approval", (_conditions(material, request.decision.conditions),)))
    return Section("Requested and granted terms", tuple(blocks))


def _compared(first: DeploymentRequest, request: DeploymentRequest) -> Block:
    """The terms as first requested, as amended, and as granted."""
    decision = request.decision
    granted = decision if decision is not None and decision.granted_period is not None else None
    titles = ["", "As first requested"]
    columns = [_terms_of(first)]
    if request.revision > 1:
        titles.append(f"As amended, revision {request.revision}")
        columns.append(_terms_of(request))
    if granted is not None and granted.granted_strength is not None and granted.granted_period is not None:
        titles.append("As granted" if granted.extended_by is None else "As granted and extended")
        columns.append(
            (
                cell(request.force),
                cell(persons(granted.granted_strength)),
                cell(request.region),
                cell(period(granted.granted_period.start, granted.granted_period.end)),
                cell(
                    f"until {format_time(granted.valid_until)}" if granted.valid_until else quiet("not limited further")
                ),
            )
        )
    names = ("Force", "Strength", "Region", "Period", "Valid")[: 5 if granted else 4]
    rows = [(cell(term(name)), *(column[index] for column in columns)) for index, name in enumerate(names)]
    return table(titles, (0.6, *(1.0 for _ in columns)), rows)


def _terms_of(request: DeploymentRequest) -> tuple[Cell, ...]:
    return (
        cell(request.force),
        cell(persons(request.strength)),
        cell(request.region),
        cell(period(request.period.start, request.period.end)),
        (),
    )


def _purpose(first: DeploymentRequest, request: DeploymentRequest) -> Iterator[tuple[str, Cell]]:
    yield "Purpose", cell(quoted(request.purpose.value))
    if first.purpose != request.purpose:
        yield "Purpose as first requested", cell(quoted(first.purpose.value))


def _incidents(material: Material) -> Cell:
    references = (material.reference(incident) for incident in material.request.incidents)
    visible = [reference for reference in references if reference is not None]
    return cell(*visible, quiet("and what may not be shown here") if material.hides_incidents else None)


def _conditions(material: Material, conditions: Iterable[Condition]) -> Block:
    rows = [
        (
            cell(str(number)),
            cell(quoted(condition.text.value)),
            cell(
                format_time(condition.due_by) if condition.due_by else quiet("no date"),
                term("overdue") if condition in material.overdue else None,
            ),
            _fulfilment(condition.fulfilment_report, condition),
        )
        for number, condition in enumerate(conditions, start=1)
    ]
    return table(("", "Condition", "Due", "Fulfilment"), (0.12, 1.2, 0.6, 1.2), rows)


def _fulfilment(report: Text | None, condition: Condition) -> Cell:
    if condition.fulfilled_at is None or report is None:
        sent_back = condition.sent_back_reason
        return cell(quiet("not reported" if sent_back is None else "sent back: not reported again"))
    accepted = condition.accepted_at
    return cell(
        f"reported on {format_time(condition.fulfilled_at)}",
        quoted(report.value),
        f"accepted on {format_time(accepted)}" if accepted else quiet("neither accepted nor sent back"),
    )
