"""The HTTP endpoint /graphql, the limit on request bodies, and the GraphiQL page.

The files of the page are in `static`.
"""
