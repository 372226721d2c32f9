"""Distributors and people with accounts of their own: lists, records with their story, the counter, tiers."""
