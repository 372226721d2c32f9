"""Statements of card providers held against our books: taken in, judged, read, and answered."""
