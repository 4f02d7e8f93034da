"""One request as a printable document, in HTML or PDF.

`material` is the input, `document` the output; the sections are pure functions between them.
"""
