"""The log as one viewer may see it, up to a position: events, histories, explanations, references.

Exports, the dossier and the command line read it.
"""
