"""Which column holds what: by a profile, its name, or what stands in it; months side by side; rows above the lines."""
