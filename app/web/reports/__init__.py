"""Reports: who sells and how regularly, what sells best, distributors beside one another, points by month."""
