"""The API: what the contract promises, served by Strawberry."""
