"""What rules give: scopes, stacks, caps, the matrix, events and tiers; told in words, compared and forecast."""
