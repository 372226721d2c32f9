"""Rows that do not simply count: collected, stored, told by what repairs them, and handed back."""
