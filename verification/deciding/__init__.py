"""What people decide: the queue, what was said about a document, and what becomes of it."""
