"""The lifecycle tables of the domain as a page and a picture, for docs/.

`python -m scripts.lifecycle_docs page` or `picture` prints one of them.
"""
