"""The container stack: what `docker compose up` makes of the same blog."""
