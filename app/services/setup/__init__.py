"""What a programme is: its file, and the parts of it that people change on pages."""
