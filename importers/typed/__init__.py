"""Text becomes whole numbers, dates and codes, and rows become documents; what cannot is a problem of its row."""
