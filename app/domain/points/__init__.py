"""What happens to points once they are there: lots, expiry, returns, conversion."""
