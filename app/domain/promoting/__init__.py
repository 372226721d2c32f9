"""Where participants of a promotion stand, and what they earned."""
