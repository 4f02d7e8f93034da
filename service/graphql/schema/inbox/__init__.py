"""The inbox: what waits for the viewer."""
