"""Accounts on the command line: what stands there and why, months of the books, and histories as files."""
