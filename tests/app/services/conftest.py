from tests.support.desk import desk, ledger_database, ledger_sessions, open_desk

__all__ = ["desk", "ledger_database", "ledger_sessions", "open_desk"]
