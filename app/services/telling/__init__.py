"""What people are told: texts in their languages, mails, SMS and notices."""
