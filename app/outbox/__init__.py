"""The way out for mails and SMS: what sends them, and the round that sends what is due."""
