"""What a view is made of: table metadata, version rows, documents, checkpoints, binary COPY.

Knows no particular view and runs no process.
"""
