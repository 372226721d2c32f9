"""Rows that are no lines like the others: totals, headings, heads of documents, cancelled or corrected ones."""
