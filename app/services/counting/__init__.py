"""Documents count: what rules award, what returns take back, and what is taken out of the count again."""
