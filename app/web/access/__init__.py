"""Who may see which page, and what of it; and what a browser may keep to itself."""
