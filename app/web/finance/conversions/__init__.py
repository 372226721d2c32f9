"""Points become money: runs for many, redemptions one by one, compensations of tax, and every load."""
