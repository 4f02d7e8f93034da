"""The schema that is served: every area's queries and mutations."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from service.graphql.schema.audit_trail.queries import TrailQueries
from service.graphql.schema.authorities.mutations import AuthorityMutations
from service.graphql.schema.authorities.queries import AuthorityQueries
from service.graphql.schema.incidents.mutations import IncidentMutations
from service.graphql.schema.incidents.queries import IncidentQueries
from service.graphql.schema.node_queries import NodeQueries
from service.graphql.schema.projections.mutations import ViewMutations
from service.graphql.schema.projections.queries import ViewQueries
from service.graphql.schema.requests.mutations import RequestMutations
from service.graphql.schema.requests.queries import RequestQueries
from service.graphql.schema.scalars import SCALARS
from service.graphql.schema.situation.queries import SituationQueries
from service.graphql.subscriptions.fields import LiveSubscriptions


@strawberry.type(
    description=(
        "Queries and subscriptions that cannot be answered carry extensions.code: UNAUTHENTICATED (401), "
        "BAD_USER_INPUT, VIEW_BEHIND (atLeast was not reached in time), UNAVAILABLE (503, try again), INTERNAL (with "
        "extensions.correlationId, and nothing of what went wrong inside). What does not exist is null. 'first' is 20 "
        "where it is left out, and 100 at most."
    )
)
class Query(
    NodeQueries, RequestQueries, IncidentQueries, AuthorityQueries, SituationQueries, TrailQueries, ViewQueries
):
    pass


@strawberry.type(
    description=(
        "Commands: each answers what was recorded, or why nothing was. An error whose extensions say 'recorded: true' "
        "concerns the answer alone: the command stays recorded, up to extensions.position, and is not to be sent "
        "again. An explicit null is as if left out."
    )
)
class Mutation(AuthorityMutations, IncidentMutations, RequestMutations, ViewMutations):
    pass


@strawberry.type(description="What happens, as it happens: over graphql-transport-ws, or as server-sent events.")
class Subscription(LiveSubscriptions):
    pass


schema = strawberry.Schema(
    query=Query, mutation=Mutation, subscription=Subscription, config=StrawberryConfig(scalar_map=SCALARS)
)
