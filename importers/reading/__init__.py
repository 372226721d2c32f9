"""A file becomes a table of text: of which kind it is, which profile reads it, and what is never kept of one."""
