"""The catalogue of rewards: prices and pictures, codes of vouchers, tickets of draws."""
