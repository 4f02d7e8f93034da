"""One module for each view: its tables and fold; beside it, the queries of the view.

A view that outgrows one module has its queries in a second one with the view's name first.
"""
