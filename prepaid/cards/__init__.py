"""Cards: registered by token, issued, followed through their lives; never known by their numbers."""
