"""Numbers and days: exact arithmetic, money, scales, currencies, periods, shares that add up."""
