"""The demonstration: one case told through the served API.

A client, the steps of the case, and their output in a terminal.
"""
