"""What runs: the servers and processes of an installation, what a command works with, and faults of our own."""
