"""The catalogue of rewards: written, priced, offered and withdrawn, and what sales bring at once."""
