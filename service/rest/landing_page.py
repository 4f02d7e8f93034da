"""The page at `/`: what is here."""

from typing import Final

from starlette.responses import HTMLResponse, Response

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
PAGE: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Mandate</title>
<style>body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem }}</style>
<h1>Mandate</h1>
<p>A register of deployment decisions. Every request needs a token: <code>Authorization: Bearer ...</code>.</p>
<ul>
<li>{graphql}</li>
<li><a href="/api/openapi.json">/api/openapi.json</a>: reading over plain HTTP, exports and dossiers (OpenAPI 3.1)</li>
<li><a href="/health/ready">/health/ready</a> and <a href="/metrics">/metrics</a>: without a token</li>
</ul>
</html>
"""


def landing_page(*, graphiql: bool) -> Response:
    """graphiql: whether /graphql has a page."""
    link = '<a href="/graphql">/graphql</a>' if graphiql else "<code>/graphql</code>"
    return HTMLResponse(PAGE.format(graphql=f"{link}: queries, commands and subscriptions"), headers=HEADERS)
