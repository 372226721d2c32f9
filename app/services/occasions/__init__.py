"""What happens beside sales: events, anniversaries, and who brought whom in."""
