"""The kernel of Kontor: domain rules, models, database, jobs, use cases, pages and the command line."""
