"""The `kontor` command: every command parses its arguments, calls one use case and prints."""
