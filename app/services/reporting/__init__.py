"""What sales and points come to, over spans of days."""
