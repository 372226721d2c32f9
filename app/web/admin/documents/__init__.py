"""Documents: the list of all, one with everything that came of it, decided one by one, and disputed."""
