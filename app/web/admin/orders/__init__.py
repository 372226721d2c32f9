"""Orders of rewards, what suppliers are asked for, and purchases that balances pay for."""
