"""Checks of documents: pure functions over columns. Each tells which documents it concerns, and shows what it saw."""
