"""A naive, independent reference of Kontor's arithmetic, written from the rules alone, to test the engine against."""
