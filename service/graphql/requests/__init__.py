"""Deployment requests and the decisions on them."""
