"""What finance reads: what is owed at a day, what a month brought, what may never be claimed, closed months."""
