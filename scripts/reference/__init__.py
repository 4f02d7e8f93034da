"""Prints a reference page that is derived from the code: `python -m scripts.reference commands`."""
