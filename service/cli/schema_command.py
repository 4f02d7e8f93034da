"""`schema` and `documents`: the GraphQL schema, and the ids of the trusted documents."""

import typer

from service.cli.table_output import JsonOption, print_rows
from service.graphql.execution.trusted_documents import document_id, read_documents
from service.graphql.root import schema as graphql_schema


def add_to(app: typer.Typer) -> None:
    app.command()(schema)
    app.command()(documents)


def schema() -> None:
    """Prints the GraphQL schema (SDL)."""
    typer.echo(graphql_schema.as_str())


def documents(as_json: JsonOption = False) -> None:
    """Lists the trusted documents: each has two ids, the digest of its text and its name."""
    ids = [(document_id(text), name) for name, text in read_documents().items()]
    print_rows(("id", "name"), ids, as_json=as_json)
