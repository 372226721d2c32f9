"""Loads on cards once they were sent: whether the money arrived, what is invoiced for it, what differs."""
