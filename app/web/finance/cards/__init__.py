"""Cards and what happens to them; the provider that issues them, and the template of its files."""
