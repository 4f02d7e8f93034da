"""One GraphQL request: parse, validate, limit its cost, execute it, report its errors.

Knows no type of the schema.
"""
