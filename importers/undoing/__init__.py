"""Imports are undone: what they gave and created is taken back, as far as nothing was built on it."""
