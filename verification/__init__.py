"""May it count? Pure checks, the gate, and decisions."""
