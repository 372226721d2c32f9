"""E-invoices: what a structured invoice says, whatever its format, read from bytes that nobody vouches for."""
