"""What moved points: the ledger, lots with their last days, and adjustments by hand."""
