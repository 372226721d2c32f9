"""Pages that a distributor sees as well: a statement, and why its points are there."""
