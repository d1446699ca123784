"""Backups: everything that a blog keeps, in one file that checks itself."""
