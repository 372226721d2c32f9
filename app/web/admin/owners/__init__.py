"""Whose points they are: given from one participant to another, shared in a pool, or all of one that two were."""
