"""History: every event, with what it changed."""
