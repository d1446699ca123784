"""The same things in JSON."""
