"""Reports: who sells and how regularly, what sells best, dealers beside one another, points by month."""
