"""The export formats: JSON Lines, CloudEvents, CSV, XLSX, XES and OCEL 2.0.

`formats` lists them; a file appears at its target only when it is complete.
"""
