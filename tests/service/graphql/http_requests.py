"""Requests over HTTP: persons and documents."""

from tests.service.graphql.api_client import Person

ANA = Person("ana", "somewhere")
VIEWER = "{ viewer { subject } }"
SUBSCRIPTION = "subscription { eventsRecorded { position } }"
