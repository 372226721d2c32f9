"""The card provider's statements held against the books, and what differs."""
