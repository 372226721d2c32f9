"""Products and their groups, and what the sponsor delivered of them."""
