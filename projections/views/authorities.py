"""The authorities, their mandates and deputies, current and past. All but the deputies are CLEAR."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, Column, ColumnElement, Select, Text, any_, bindparam, literal, select

from domain import deputies as deputies_of
from domain.authority import Authority
from domain.catalogue import AGGREGATE_OF, AUTHORITY, DEPUTIES, JURISDICTION
from domain.deputies import Deputies
from domain.jurisdiction import Jurisdiction, Mandate, stream_of
from domain.recorded_event import Recorded
from domain.vocabulary import AuthorityCode, Marking, Region, regions_of
from projections.reading.item_rows import items_of
from projections.reading.queries import (
    EVERYTHING,
    PreparedQuery,
    Query,
    ViewerScope,
    is_any_of,
    named_texts,
    named_uuids,
    valid_at,
    visible,
)
from projections.rows.api_terms import MandateHolder
from projections.rows.state_items import reader_with_items, without_items
from projections.rows.version_rows import fold_versions, version_columns
from projections.tables.row_documents import encode, reader
from projections.tables.view import Folded, StateTable, Values, View, items, present_index, version_table

NAME: Final = "authorities"
VERSION: Final = 8

_authority_in: Final = reader(Authority)
_jurisdiction_in: Final = reader_with_items(Jurisdiction)
_deputies_in: Final = reader_with_items(Deputies)

table: Final = version_table(NAME, Column("code", Text, nullable=False))
present_index(table, "id", unique=True)
present_index(table, "code")

jurisdictions: Final = version_table(
    "jurisdictions", Column("region", Text, nullable=False), Column("holders", ARRAY(Text), nullable=False)
)
present_index(jurisdictions, "id", unique=True)
present_index(jurisdictions, "holders", postgresql_using="gin")

mandates: Final = items("mandates", texts=False)

deputies: Final = version_table("deputies")
present_index(deputies, "id", unique=True)

appointments: Final = items("appointments")


def _authority(state: Authority, recorded: Recorded[Any], until: datetime | None, audience: list[str]) -> Values:
    return (*version_columns(recorded, until, Marking.CLEAR, audience), state.code, encode(state))


def _jurisdiction(state: Jurisdiction, recorded: Recorded[Any], until: datetime | None, audience: list[str]) -> Values:
    holders = sorted({mandate.authority for mandate in state.mandates})
    return (
        *version_columns(recorded, until, Marking.CLEAR, audience),
        state.region,
        holders,
        encode(without_items(state)),
    )


def _deputies(state: Deputies, recorded: Recorded[Any], until: datetime | None, audience: list[str]) -> Values:
    return (*version_columns(recorded, until, Marking.AMBER, audience), encode(without_items(state)))


def fold(state: Any, events: Sequence[Recorded[Any]]) -> Folded:
    aggregate = AGGREGATE_OF[type(events[0].event)]
    if aggregate is AUTHORITY:
        return fold_versions(AUTHORITY, table, _authority, state, events)
    if aggregate is DEPUTIES:
        return fold_versions(DEPUTIES, deputies, _deputies, state, events, appointments)
    return fold_versions(JURISDICTION, jurisdictions, _jurisdiction, state, events, mandates)


VIEW: Final = View(
    name=NAME,
    version=VERSION,
    tables=(table, jurisdictions, mandates, deputies, appointments),
    memories={
        AUTHORITY.name: StateTable(table=table, read=_authority_in, versioned=True),
        JURISDICTION.name: StateTable(table=jurisdictions, read=_jurisdiction_in, versioned=True, items=mandates),
        DEPUTIES.name: StateTable(table=deputies, read=_deputies_in, versioned=True, items=appointments),
    },
    by_stream=(AUTHORITY, JURISDICTION, DEPUTIES),
    fold=fold,
    parks=False,
)


def every(scope: ViewerScope) -> Query[Authority]:
    """All authorities, by code."""
    statement = select(table.c.document).where(valid_at(table, scope)).order_by(table.c.code)
    return Query(statement, (NAME,), _read_authority)


def by_ids(scope: ViewerScope, ids: Iterable[UUID]) -> Query[Authority]:
    return _BY_IDS.of(scope, ids=list(ids))


def by_codes(scope: ViewerScope, codes: Iterable[str]) -> Query[Authority]:
    return _BY_CODES.of(scope, codes=list(codes))


def jurisdictions_by_ids(scope: ViewerScope, ids: Iterable[UUID]) -> Query[Jurisdiction]:
    """By stream id, for the context of a rule."""
    return _JURISDICTIONS_BY_IDS.of(scope, ids=list(ids))


def jurisdictions_around(scope: ViewerScope, regions: Iterable[Region]) -> Query[Jurisdiction]:
    """The jurisdictions over these regions and those around them."""
    around = dict.fromkeys(outer for region in regions for outer in regions_of(region))
    return jurisdictions_by_ids(scope, map(stream_of, around))


def deciding(regions: Iterable[Region], around: Iterable[Jurisdiction], now: datetime) -> Mapping[Region, Mandate]:
    """By region: the mandate of the nearest region that is valid, if any is. around: their jurisdictions."""
    valid = {each.region: mandate for each in around if (mandate := each.mandate(now)) is not None}
    nearest = ((region, next((outer for outer in regions_of(region) if outer in valid), None)) for region in regions)
    return {region: valid[outer] for region, outer in nearest if outer is not None}


def jurisdictions_of(scope: ViewerScope, codes: Iterable[str]) -> Query[Jurisdiction]:
    """The jurisdictions in which any of these authorities holds, held or will hold a mandate.

    Everybody may see them: without row security, the index of the holders is used.
    """
    return _JURISDICTIONS_OF.of(scope.of_everything(), codes=list(codes))


def every_jurisdiction() -> Query[Jurisdiction]:
    """All jurisdictions. Not filtered by viewer: they are CLEAR."""
    statement = select(*_jurisdiction_columns()).where(valid_at(jurisdictions, EVERYTHING))
    return Query(statement, (NAME,), _read_jurisdiction, EVERYTHING.values)


def held_by_others(holder: AuthorityCode, found: Iterable[Jurisdiction], now: datetime) -> tuple[Region, ...]:
    """The regions of these jurisdictions over which another authority holds a mandate then."""
    valid = ((each.region, each.mandate(now)) for each in found)
    return tuple(region for region, mandate in valid if mandate is not None and mandate.authority != holder)


def jurisdictions_within(scope: ViewerScope, regions: Iterable[Region]) -> Query[Jurisdiction]:
    """The jurisdictions over the parts of these regions. Everybody may see them."""
    return _JURISDICTIONS_WITHIN.of(scope.of_everything(), prefixes=[f"{region}/%" for region in regions])


def deputies_in(scope: ViewerScope, codes: Iterable[AuthorityCode]) -> Query[Deputies]:
    """The deputies of these authorities, of those that have any."""
    return _DEPUTIES_BY_IDS.of(scope, ids=list(map(deputies_of.stream_of, codes)))


def mandates_of(code: AuthorityCode, found: Iterable[Jurisdiction]) -> tuple[Mandate, ...]:
    """The mandates of one authority, in the order in which they were granted, as the API lists them."""
    return MandateHolder(code=code, jurisdictions=tuple(found)).mandates


def holder(code: AuthorityCode, authority: Authority | None, found: Iterable[Jurisdiction]) -> MandateHolder:
    """An authority with its own mandates only, out of all in the regions where it holds one."""
    own = (
        replace(each, mandates=tuple(mandate for mandate in each.mandates if mandate.authority == code))
        for each in found
    )
    return MandateHolder(code=code, authority=authority, jurisdictions=tuple(each for each in own if each.mandates))


def standing_of(code: AuthorityCode) -> Query[Authority | Jurisdiction]:
    """What a viewer's tokens depend on, in one statement: the authority, if registered, and its jurisdictions."""
    return _STANDING_OF.of(EVERYTHING, code=code, codes=[code])


def _standing_of(scope: ViewerScope) -> Select[Any]:
    registered = select(table.c.document, literal(None, Text).label("items"), literal(True).label("registered")).where(
        valid_at(table, scope), table.c.code == bindparam("code")
    )
    held = select(*_jurisdiction_columns(), literal(False)).where(
        valid_at(jurisdictions, scope), jurisdictions.c.holders.bool_op("@>")(named_texts("codes"))
    )
    return select(registered.union_all(held).subquery())


def _chosen(scope: ViewerScope, chosen: ColumnElement[bool]) -> Select[Any]:
    return select(table.c.document).where(valid_at(table, scope), chosen)


def _jurisdictions(scope: ViewerScope, chosen: ColumnElement[bool]) -> Select[Any]:
    return select(*_jurisdiction_columns()).where(valid_at(jurisdictions, scope), chosen)


def _deputies_by_ids(scope: ViewerScope) -> Select[Any]:
    chosen = is_any_of(deputies.c.id, named_uuids("ids"))
    columns = (deputies.c.document, items_of(deputies, appointments))
    return select(*columns).where(valid_at(deputies, scope), visible(deputies, scope), chosen)


def _jurisdiction_columns() -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    return jurisdictions.c.document, items_of(jurisdictions, mandates)


def _read_authority(row: Sequence[Any]) -> Authority:
    return _authority_in(row[0])


def _read_jurisdiction(row: Sequence[Any]) -> Jurisdiction:
    return _jurisdiction_in(row[0], row[1])


def _read_either(row: Sequence[Any]) -> Authority | Jurisdiction:
    return _read_authority(row) if row[2] else _read_jurisdiction(row)


_BY_CODES: Final = PreparedQuery(
    lambda scope: _chosen(scope, is_any_of(table.c.code, named_texts("codes"))), (NAME,), _read_authority, by_key=True
)
_BY_IDS: Final = PreparedQuery(
    lambda scope: _chosen(scope, is_any_of(table.c.id, named_uuids("ids"))), (NAME,), _read_authority, by_key=True
)
_JURISDICTIONS_BY_IDS: Final = PreparedQuery(
    lambda scope: _jurisdictions(scope, is_any_of(jurisdictions.c.id, named_uuids("ids"))), (NAME,), _read_jurisdiction
)
_JURISDICTIONS_OF: Final = PreparedQuery(
    lambda scope: _jurisdictions(scope, jurisdictions.c.holders.bool_op("&&")(named_texts("codes"))),
    (NAME,),
    _read_jurisdiction,
)
_JURISDICTIONS_WITHIN: Final = PreparedQuery(
    lambda scope: _jurisdictions(scope, jurisdictions.c.region.bool_op("LIKE")(any_(named_texts("prefixes")))),
    (NAME,),
    _read_jurisdiction,
)
_DEPUTIES_BY_IDS: Final = PreparedQuery(
    _deputies_by_ids, (NAME,), lambda row: _deputies_in(row[0], row[1]), by_key=True
)
_STANDING_OF: Final = PreparedQuery(_standing_of, (NAME,), _read_either)
