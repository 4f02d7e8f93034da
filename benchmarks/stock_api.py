"""A plain Strawberry application over the stock Application, as in the documentation of both."""

from typing import Any
from uuid import UUID

import strawberry
from fastapi import FastAPI
from strawberry.fastapi import GraphQLRouter

from benchmarks.stock_application import StockRegister, StockRequest

Info = strawberry.Info[dict[str, Any], None]


@strawberry.type
class Request:
    id: strawberry.ID
    version: int
    status: str
    authority: str
    force: str
    strength: int
    region: str
    purpose: str
    remarks: int


def shown(request: StockRequest) -> Request:
    return Request(
        id=strawberry.ID(str(request.id)),
        version=request.version,
        status=request.status,
        authority=request.authority,
        force=request.force,
        strength=request.strength,
        region=request.region,
        purpose=request.purpose,
        remarks=request.remarks,
    )


@strawberry.type
class Query:
    @strawberry.field
    def request(self, info: Info, id: strawberry.ID) -> Request:
        return shown(info.context["register"].repository.get(UUID(id)))


@strawberry.type
class Mutation:
    @strawberry.mutation
    def remark(self, info: Info, id: strawberry.ID, reason: str) -> Request:
        register = info.context["register"]
        register.remark(UUID(id), "kfor", "reviewer", reason)
        return shown(register.repository.get(UUID(id)))


def create(register: StockRegister) -> FastAPI:
    def context() -> dict[str, Any]:
        return {"register": register}

    app = FastAPI()
    app.include_router(GraphQLRouter(strawberry.Schema(Query, Mutation), context_getter=context), prefix="/graphql")
    return app
