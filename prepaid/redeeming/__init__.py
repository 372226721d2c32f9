"""One redemption: what points would become now, and what becomes of it."""
