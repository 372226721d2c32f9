"""What points buy: the catalogue, the basket, orders, and purchases that they pay for."""
