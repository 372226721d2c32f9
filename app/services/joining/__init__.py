"""Companies and people who apply to a programme: its form, their applications, the terms that they accept."""
