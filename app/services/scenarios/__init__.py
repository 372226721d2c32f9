"""A past period of real sales under other rules: what would have been given, beside what was. No point moves."""
