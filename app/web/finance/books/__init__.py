"""What is owed and what it came from, months that are closed, and what is invoiced for loads."""
