"""Text files: how they are encoded, what parts their cells, and their rows as a grid."""
