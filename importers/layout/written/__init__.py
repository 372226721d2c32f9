"""Numbers and dates as people write them, in what and of what; and which way of writing a file proves."""
