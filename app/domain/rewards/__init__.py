"""What a reward costs, how an order of it goes, and draws that anybody can check."""
