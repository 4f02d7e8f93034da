"""What is derived from the events, for those who ask: views, the followers that fill them, the one Reader."""
