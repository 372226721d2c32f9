"""What finance takes away: asked for, planned, made again."""
