"""A look at a file that nobody knows: what it seems to be, what is asked about it, and the profile that comes of it."""
