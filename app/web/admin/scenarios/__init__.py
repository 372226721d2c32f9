"""Scenarios: a past period replayed under other rules."""
