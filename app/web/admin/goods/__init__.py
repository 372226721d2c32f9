"""Products, what the sponsor delivered of them, and the groups in which products and distributors stand."""
