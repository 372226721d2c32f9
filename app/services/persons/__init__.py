"""People's accounts beside their company's: who has one, what documents give them, and what comes back from there."""
