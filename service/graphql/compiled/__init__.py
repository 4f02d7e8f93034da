"""Compiles a GraphQL operation to Python source and runs it.

The source covers only what is expected: every value is checked exactly, and anything else raises `Unexpected`. The
caller then executes the operation with graphql-core, which reports the error. Independent of this API's schema, its
limits and its context.
"""
