"""Files out of the register and into it: exports, the dossier, imports.

Imports go one way: exports | importing | dossier > visible_log.
"""
