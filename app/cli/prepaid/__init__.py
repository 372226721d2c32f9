"""Points become money on the command line: runs, cards, redemptions, statements of providers, and the tax on it."""
