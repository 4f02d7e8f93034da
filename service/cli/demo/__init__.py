"""The demonstration: a client of the served API, the steps of one case, and their output in a terminal."""
