"""Promotions with targets (rules.md 7): published, brought up to date for those whose sales changed, paid, closed."""
