"""The API, through HTTP, on a real PostgreSQL."""
