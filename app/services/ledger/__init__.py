"""The ledger: accounts, lots and their terms, the one way in, and the proof that it adds up."""
