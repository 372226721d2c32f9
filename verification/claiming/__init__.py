"""Invoices that distributors register: drafts with their proofs, sent to the gate once."""
