"""`schema`: the GraphQL schema."""

import typer

from service.graphql.root import schema as graphql_schema


def add_to(app: typer.Typer) -> None:
    app.command()(schema)


def schema() -> None:
    """Prints the GraphQL schema (SDL)."""
    typer.echo(graphql_schema.as_str())
