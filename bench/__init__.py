"""The benchmark suite: generators and measurements, not tests."""
