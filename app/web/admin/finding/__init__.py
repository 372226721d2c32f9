"""What is found while somebody types, and lists as somebody keeps them under a name."""
