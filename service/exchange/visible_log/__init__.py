"""The log as one viewer may see it, up to a position: events, histories, explanations, references.

Used by exports, the dossier and the command line.
"""
