"""The only place that speaks PostgreSQL: transactions, bulk loading, locks, guards and roles."""
