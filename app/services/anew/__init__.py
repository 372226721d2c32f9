"""What is to be looked at anew, because documents changed that it stands on."""
