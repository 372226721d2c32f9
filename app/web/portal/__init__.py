"""Pages that the people of a distributor see: what it has, what it registers, what its points are for, and itself."""
