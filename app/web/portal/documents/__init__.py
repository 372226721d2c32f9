"""A distributor's documents: where each stands, and what is disputed of it."""
