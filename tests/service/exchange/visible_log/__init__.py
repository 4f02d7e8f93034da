"""Tests of service/exchange/visible_log."""
