"""Reading over plain HTTP: the trusted documents, exports and dossiers under paths of their own.

A document is executed as at /graphql; files come from `service.exchange`. There is no other way of reading here.
"""
