"""The access log in the API."""
