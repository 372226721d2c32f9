"""Files on the command line: imported, looked at, watched for, and what is decided after them."""
