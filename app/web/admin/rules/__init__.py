"""Setting rules up: what a programme's rules are, how they are built and published, the matrix, stacks, events."""
