"""Lists: described once, then sorted, filtered, paged by key, saved as views, exported and acted upon alike."""
