"""What the lines of a file tell of their documents, and which of those are perhaps no sales."""
