"""Text files: how they are encoded, what parts their cells or how a printer drew them, and their rows as a grid."""
