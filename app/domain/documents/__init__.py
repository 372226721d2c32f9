"""Sales documents: as columns, by their keys and numbers, and where their goods and buyers stood."""
