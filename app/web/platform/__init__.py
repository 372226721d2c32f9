"""Pages for the platform's owners, outside of any programme."""
