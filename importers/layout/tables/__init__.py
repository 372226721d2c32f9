"""A sheet as a table: where its header stands, its lines as text, and what stood around them."""
