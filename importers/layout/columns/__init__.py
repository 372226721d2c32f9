"""Which column holds what: by a profile, by its name, by what stands in it; and months side by side."""
