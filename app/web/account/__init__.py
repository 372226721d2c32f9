"""What somebody sets for themselves: name, language, what they sign in with, where they are signed in."""
