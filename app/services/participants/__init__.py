"""Distributors: found, created by files, changed by people, and what they are to the tax office."""
