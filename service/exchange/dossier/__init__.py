"""One request as a printable document, in HTML or PDF.

`material` is what is read, `document` is what is printed; the sections are pure functions between them.
"""
