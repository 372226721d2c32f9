"""Points go out: tax, conversion runs, top-ups, card providers, order and response files."""
