"""Tiers: judged, given by hand, shown, and about to be lost."""
