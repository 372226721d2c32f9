"""Finance's histories as files: what was asked, the rows as they were read, and the file that is made of them."""
