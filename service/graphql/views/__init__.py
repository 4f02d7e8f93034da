"""The read models and their health."""
