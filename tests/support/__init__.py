"""What tests of several rooms share: small programmes, sales, and the way to data that only some machines have."""
