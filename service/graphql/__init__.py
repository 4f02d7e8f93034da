"""The API: what the contract promises, served by Strawberry, to which enumerations are made known before all else."""

from service.graphql import enums

__all__ = ["enums"]
