"""The embedded default: PostgreSQL and Valkey found, started, watched and stopped on unix sockets."""
