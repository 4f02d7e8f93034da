"""Files out of and into the register: exports, the dossier, imports.

Imports: exports | importing | dossier > visible_log.
"""
