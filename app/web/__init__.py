"""The pages, by audience, and the table of permissions."""
