"""Runs: whose points become money, frozen piece by piece, approved by a second person, ordered and sent."""
