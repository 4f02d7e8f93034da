"""One GraphQL request: parse, validate, limit its cost, execute, report errors.

`cost_budget` limits the rate of a person, `person_quotas` what they run at once.
Independent of the types of the schema.
"""
