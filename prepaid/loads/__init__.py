"""Loads on their way: sent out, judged by what the provider says, settled or given back."""
