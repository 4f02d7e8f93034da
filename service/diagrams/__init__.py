"""The lifecycle tables of the domain as a page and a picture, for `docs/`."""
