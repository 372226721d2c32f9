"""What has a name in code, in the words of whoever reads; each module is those of one subject."""
