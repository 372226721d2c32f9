"""People and their ways in: accounts, roles, invitations, factors, sessions; what is kept of them, and its erasure."""
