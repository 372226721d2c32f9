"""Writers of every file that leaves the house: safe cells, streaming, one look."""
