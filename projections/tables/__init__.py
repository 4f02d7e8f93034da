"""Building blocks of views: table metadata, version rows, documents, checkpoints, binary COPY.

Independent of any particular view; runs no process.
"""
