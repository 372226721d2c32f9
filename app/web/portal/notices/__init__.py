"""What happened to points, documents, orders and disputes, in a sentence each."""
