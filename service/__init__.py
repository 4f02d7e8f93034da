"""The running register: event store, commands, GraphQL API, files, processes and command line.

Imports: cli > processes > rest | notifications > graphql | exchange > commands | database > event_store > access >
settings > errors | instants.
"""
