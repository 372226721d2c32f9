"""Programmes on the command line: loaded and copied, who may sign in, and what gives points in them."""
