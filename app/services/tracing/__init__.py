"""From a number back to what it is made of."""
