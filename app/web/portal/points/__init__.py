"""A distributor's points: each movement and what it is made of, what more would bring, and what they turn into."""
