"""Tests of service/exchange/importing."""
