"""Where somebody can go, where they begin, and what waits there."""
