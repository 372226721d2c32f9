"""Orders of rewards: put together, placed, moved on, handed out, and called off."""
