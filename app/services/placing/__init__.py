"""Where products and distributors stand, day by day: in which groups, and in which tier."""
