"""The benchmarks behind `make bench`: each figure stands beside one that says what would be possible."""
