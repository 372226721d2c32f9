"""What pages look like: drawings, fonts, a sponsor's colours, files that never change, and how templates are made."""
