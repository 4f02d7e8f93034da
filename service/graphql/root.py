"""The served schema: the queries, mutations and subscriptions of every area."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from service.graphql.execution.cost_directives import publish_costs
from service.graphql.execution.field_charges import charge
from service.graphql.schema.access_log.queries import AccessLogQueries
from service.graphql.schema.audit_trail.event_types import EventTypeQueries
from service.graphql.schema.audit_trail.queries import TrailQueries
from service.graphql.schema.authorities.mutations import AuthorityMutations
from service.graphql.schema.authorities.queries import AuthorityQueries
from service.graphql.schema.descriptions import describe
from service.graphql.schema.inbox.queries import InboxQueries
from service.graphql.schema.incidents.mutations import IncidentMutations
from service.graphql.schema.incidents.queries import IncidentQueries
from service.graphql.schema.mail.mutations import MailMutations
from service.graphql.schema.mail.queries import MailQueries
from service.graphql.schema.node_queries import NodeQueries
from service.graphql.schema.persons.mutations import PersonMutations
from service.graphql.schema.projections.mutations import ViewMutations
from service.graphql.schema.projections.queries import ViewQueries
from service.graphql.schema.regions.mutations import RegionMutations
from service.graphql.schema.regions.queries import RegionQueries
from service.graphql.schema.requests.mutations import RequestMutations
from service.graphql.schema.requests.queries import RequestQueries
from service.graphql.schema.scalars import SCALARS
from service.graphql.schema.situation.queries import SituationQueries
from service.graphql.schema.webhooks.mutations import WebhookMutations
from service.graphql.schema.webhooks.queries import WebhookQueries
from service.graphql.subscriptions.fields import LiveSubscriptions


@strawberry.type(
    description=(
        "Errors of queries and subscriptions carry extensions.code: UNAUTHENTICATED (401), BLOCKED (403), "
        "BAD_USER_INPUT, VIEW_BEHIND (atLeast was not reached in time; or, with extensions.parkedAt, an event at "
        "that position could not be applied yet), UNAVAILABLE (503, retry), INTERNAL (with "
        "extensions.correlationId and no internal details). An object that does not exist is null. 'first' "
        "defaults to 20 and is at most 100."
    )
)
class Query(
    NodeQueries,
    RequestQueries,
    InboxQueries,
    IncidentQueries,
    AuthorityQueries,
    RegionQueries,
    SituationQueries,
    TrailQueries,
    EventTypeQueries,
    AccessLogQueries,
    ViewQueries,
    WebhookQueries,
    MailQueries,
):
    pass


@strawberry.type(
    description=(
        "Commands: each returns what was recorded, or why nothing was. An error with extensions 'recorded: "
        "true' concerns only the response: the command stays recorded, up to extensions.position; do not send "
        "it again. The response's own extensions name each command that was recorded, with its position "
        "('recorded'), and those that were not executed since one before them failed ('notExecuted'). An "
        "explicit null counts as omitted."
    )
)
class Mutation(
    AuthorityMutations,
    IncidentMutations,
    PersonMutations,
    RegionMutations,
    RequestMutations,
    ViewMutations,
    WebhookMutations,
    MailMutations,
):
    pass


@strawberry.type(description="Live updates, over graphql-transport-ws or as server-sent events.")
class Subscription(LiveSubscriptions):
    pass


schema = strawberry.Schema(
    query=Query, mutation=Mutation, subscription=Subscription, config=StrawberryConfig(scalar_map=SCALARS)
)
describe(schema._schema)
charge(schema._schema)
publish_costs(schema)
