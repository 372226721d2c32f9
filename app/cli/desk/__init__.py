"""What a programme's desk does by hand: documents, decisions, whose points they are, orders and purchases."""
