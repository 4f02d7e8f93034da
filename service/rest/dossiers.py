"""Dossiers over HTTP, as PDF or as HTML."""

from datetime import datetime
from typing import Final

from starlette.types import ASGIApp

from service.event_store.store import EventStore
from service.exchange.dossier.builder import document
from service.exchange.dossier.document import DossierDocument, text_size
from service.exchange.dossier.html_renderer import html
from service.exchange.dossier.material_reader import MaterialReader, Names
from service.exchange.dossier.pdf_renderer import PdfRenderer
from service.exchange.visible_log.refused import ExportRefused
from service.graphql.http.response import ContentResponse
from service.rest.entity_tags import tag_of
from service.rest.files import AS_OF, FileAccess, FileReader, as_of, hold_place, parameters_given, pdf_place
from service.rest.media import DOSSIERS, MARKING
from service.rest.parameters import query_of
from service.rest.problems import TOO_LARGE, Problem
from service.rest.resource import Call, without_content

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
PAGES_COST: Final = 20_000
"""Units of cost of a dossier without any text."""
BYTES_READ: Final = 4
"""Bytes of text that cost a unit. As PDF each byte costs one besides."""


class DossierResource:
    """The dossier of a request in one form. ending: a key of DOSSIERS."""

    parameters: Final = (AS_OF,)

    def __init__(self, ending: str) -> None:
        self.ending: Final = ending
        self.media: Final = (DOSSIERS[ending],)

    async def respond(self, call: Call, media: str) -> ASGIApp:
        given = parameters_given(query_of(call.query_string), self.parameters)
        instant, reference = as_of(given), call.in_path["reference"]
        await hold_place(call)
        reader = FileReader(call)
        access = await reader.open("dossier", instant, reference)
        scope = access.scope
        tag = tag_of(scope.end, call.context.actor, self.ending, scope.present, scope.present_at)
        if unchanged := call.not_modified(tag):
            return unchanged
        disposition = f'attachment; filename="{reference}.{self.ending}"'
        headers = {**tag.headers, "Content-Disposition": disposition, "Content-Security-Policy": POLICY}
        if call.is_head:
            return without_content(headers, media)
        reader.charge(PAGES_COST)
        names = reader.names()
        try:
            made, size = await reader.in_thread(lambda: self._document(call.files.store, access, names))
            reader.charge(size // BYTES_READ)
            if self.ending == "pdf":
                content = await self._pdf(call, reader, made, size, scope.now)
            else:
                content = await reader.in_thread(lambda: html(made))
        except ExportRefused as refused:
            raise Problem(TOO_LARGE, f"The dossier cannot be printed: {refused}.") from None
        return ContentResponse(content, 200, media, {**headers, MARKING: made.marking})

    def _document(self, store: EventStore, access: FileAccess, names: Names) -> tuple[DossierDocument, int]:
        """The document, and the size of its text."""
        made = document(MaterialReader(store, access.scope, access.visibility).material(names, ""))
        return made, text_size(made)

    async def _pdf(self, call: Call, reader: FileReader, made: DossierDocument, size: int, at: datetime) -> bytes:
        """If the client goes away, the process that renders it ends."""
        renderer = await reader.in_thread(lambda: PdfRenderer(made, at))
        async with pdf_place(call):
            reader.charge(size)
            with renderer:
                return (await reader.in_thread(renderer.pdf)).content
