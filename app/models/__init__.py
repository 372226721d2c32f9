"""Every mapped class of the project; no Flask in it."""
