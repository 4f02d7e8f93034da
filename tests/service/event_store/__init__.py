"""Tests of service/event_store."""
