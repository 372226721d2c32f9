"""Who issues cards: operators that take files, Stripe, the sandbox; and what is kept of what they were asked."""
