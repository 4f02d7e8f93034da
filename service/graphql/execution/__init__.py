"""One GraphQL request: parse, validate, limit its cost, execute, report errors.

Independent of the types of the schema.
"""
