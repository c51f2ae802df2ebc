"""What performance claims rest on: `python -m benchmarks` compares side by side in one run, and asserts nothing."""
