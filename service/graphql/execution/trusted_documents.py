"""Trusted documents: the documents of the repository, which clients execute by id.

The ids follow the draft appendix "Persisted Documents" of GraphQL over HTTP.
"""

import re
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

import strawberry
from graphql import GraphQLError, OperationDefinitionNode

from service.graphql.execution.document_cache import Document, parse_document

PREFIX: Final = "sha256:"
UNKNOWN: Final = "No document has this id: {!r}. 'mandate documents' lists the ids of this server's version."
NOT_A_DIGEST: Final = "The documentId {!r} is malformed: sha256: is followed by 64 lower-case hexadecimal digits."
RESERVED: Final = "The documentId {!r} has an unknown prefix: send sha256: with a digest, or a document's name."
_DIGEST: Final = re.compile("[0-9a-f]{64}")


def read_documents() -> dict[str, str]:
    """The text of each trusted document by its name, sorted."""
    return {path.stem: path.read_bytes().decode() for path in sorted(_folder().glob("*.graphql"))}


def document_id(text: str) -> str:
    """sha256: and the digest of the text, white space included."""
    return PREFIX + sha256(text.encode()).hexdigest()


class TrustedDocuments:
    """The trusted documents by id, parsed and compiled. None is ever evicted."""

    def __init__(self, schema: strawberry.Schema, texts: Mapping[str, str]) -> None:
        """texts: by name. A name is an id as well."""
        self._documents: dict[str, Document] = {}
        self._digests = {name: document_id(text) for name, text in texts.items()}
        self._names = {digest: name for name, digest in self._digests.items()}
        for name, text in texts.items():
            self._documents[name] = self._documents[document_id(text)] = _compiled(schema, text)

    def digest(self, id: str) -> str:
        """The sha256 id of a document with this id."""
        return self._digests.get(id, id)

    def name(self, id: str | None) -> str | None:
        """The name of the document with this id; None if there is none."""
        return id if id in self._digests else self._names.get(id or "")

    def find(self, id: str) -> Document:
        """The document, or one with the error that refuses the id."""
        return self._documents.get(id) or Document(None, (GraphQLError(_refusal(id)),))


@cache
def _compiled(schema: strawberry.Schema, text: str) -> Document:
    document = parse_document(schema, text)
    for definition in document.node.definitions if document.node else ():
        if document.plans and isinstance(definition, OperationDefinitionNode):
            document.plans.plan(definition, {})
    return document


def _refusal(id: str) -> str:
    if id.startswith(PREFIX) and not _DIGEST.fullmatch(id.removeprefix(PREFIX)):
        return NOT_A_DIGEST.format(id[:100])
    is_reserved = ":" in id and not id.startswith((PREFIX, "x-"))
    return (RESERVED if is_reserved else UNKNOWN).format(id[:100])


def _folder() -> Path:
    """In a wheel `service/documents`, in the repository `documents` next to `service`."""
    service = Path(__file__).parents[2]
    return service / "documents" if (service / "documents").is_dir() else service.parent / "documents"
