"""Sales that a distributor registers, or says to be its own."""
