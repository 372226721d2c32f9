"""Promotions: written as drafts, published, closed, and where everybody stands."""
