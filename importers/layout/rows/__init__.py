"""Rows that are no lines like the others: totals, headings, what names documents, cancelled or corrected ones."""
