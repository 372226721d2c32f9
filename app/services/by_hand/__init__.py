"""What people do to points with a reason: adjustments, a manager's grace, disputes, merges."""
