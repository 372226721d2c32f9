"""What tests of several rooms share: small programmes and sales, and the way to the data that only some machines have."""
