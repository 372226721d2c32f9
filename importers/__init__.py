"""A file comes in: guard, read, map, type, match, load."""
