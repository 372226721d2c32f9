"""Pages for those who run a programme."""
