"""Who changed what, when, and why: the audit log in the reader's words."""
