"""What was levied: tried beforehand, the register of it, lists for the year's forms, and statements of participants."""
