"""Requests over HTTP: persons and documents."""

from tests.service.graphql.register import Person

ANA = Person("ana", "somewhere")
VIEWER = "{ viewer { subject } }"
SUBSCRIPTION = "subscription { eventsRecorded { position } }"
