"""Tax as administrators set it up: rules with their drafts and a bench, and what participants are by day."""
