"""People: users and their roles, who is invited, who applies and by which form, and what they were sent."""
