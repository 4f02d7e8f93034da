"""The running register: event store, commands, GraphQL API, files, processes and command line.

Imports go one way: cli > processes > graphql | exchange > commands | database > event_store > settings.
"""
