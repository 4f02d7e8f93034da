"""The running register: event store, commands, GraphQL API, files, processes and command line.

Imports: cli > processes > graphql | exchange > commands | database > event_store > settings : identity > errors.
"""
