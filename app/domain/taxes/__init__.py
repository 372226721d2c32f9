"""Taxes on rewards: rules as data, what they levy, and the trace that they leave."""
