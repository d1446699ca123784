"""The load test: `make load`, from replicas of the container stack or an address to a report with pictures."""
