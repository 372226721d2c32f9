"""What a file brings beside sales, a module a kind: its rows become products, distributors, rates, adjustments."""
