"""Files that come in: brought, told how to read, checked and imported; and what names in them mean."""
