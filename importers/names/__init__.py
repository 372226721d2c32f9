"""What the names in files mean: matched, made known, or waited for and decided."""
