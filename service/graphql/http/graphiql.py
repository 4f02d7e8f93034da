"""The GraphiQL page, from a package's static files, under a strict content security policy."""

from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

FOLDER: Final = Path(__file__).parent / "static"
PACKAGE: Final = "graphene_django_graphiql_static"
"""Located by its files, never imported: it requires Django."""

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
}


class Revalidated(StaticFiles):
    """Static files that browsers revalidate on each use."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


assets: Final = Mount(
    "/graphiql",
    app=Starlette(
        routes=[
            Mount("/library", app=Revalidated(packages=[(PACKAGE, f"static/{PACKAGE}")])),
            Mount("/", app=Revalidated(directory=FOLDER)),
        ]
    ),
)


def page() -> Response:
    return Response(_PAGE, media_type="text/html", headers=HEADERS)


_PAGE: Final = (FOLDER / "index.html").read_text(encoding="utf-8")
