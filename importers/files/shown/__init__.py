"""What people see in number cells beyond the number: zeros before it, a currency beside it."""
