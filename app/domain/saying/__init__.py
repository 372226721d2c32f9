"""Sentences that the domain makes, and codes that become sentences."""
