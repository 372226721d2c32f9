"""The distributor itself: its data, its people and branches, its tax, the terms that it agreed to."""
